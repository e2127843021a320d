"""Ratings of the service and suggestions."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Response
from pydantic import Field, StringConstraints, model_validator

from backoffice.api.context import AnyoneWriting, problems
from backoffice.api.inputs import Body, ConversationId, Printable
from backoffice.api.routing import Router
from backoffice.effects.work import Work
from backoffice.models import Feedback
from backoffice.problems import not_found
from backoffice.states import FeedbackKind
from backoffice.views.tickets import FeedbackView, feedback_view

router = Router(prefix="/feedback", tags=["feedback"])


class FeedbackBody(Body):
    """A rating has a score, a suggestion a text."""

    conversation_id: ConversationId
    kind: FeedbackKind
    score: Annotated[int, Field(strict=True, ge=1, le=5)] | None = Field(default=None, examples=[5])
    text: Annotated[str, StringConstraints(min_length=1, max_length=1000), Printable] | None = Field(
        default=None, examples=["希望夜里也能送货"]
    )

    @model_validator(mode="after")
    def _complete(self) -> FeedbackBody:
        if self.kind is FeedbackKind.RATING and self.score is None:
            raise ValueError("评价要有 1 至 5 分的 score")
        if self.kind is FeedbackKind.SUGGESTION and self.text is None:
            raise ValueError("建议要有 text")
        return self


class RatingBody(Body):
    """What a rating becomes: another score, or the reason for it."""

    conversation_id: ConversationId = Field(description="评价时的会话；不是它的评价当作没有")
    score: Annotated[int, Field(strict=True, ge=1, le=5)] | None = Field(default=None, examples=[2])
    text: Annotated[str, StringConstraints(min_length=1, max_length=1000), Printable] | None = Field(
        default=None, examples=["等得太久"]
    )


@router.post(
    "", status_code=201, summary="评价或建议", responses=problems(400, 404, 413), response_model=FeedbackView
)
def create_feedback(body: FeedbackBody, once: AnyoneWriting) -> Response:
    def effect(work: Work) -> tuple[int, FeedbackView]:
        feedback = Feedback(
            conversation_id=body.conversation_id,
            customer_id=work.acting.id if work.acting else None,
            kind=body.kind,
            score=body.score,
            text=body.text,
            created_at=work.now,
        )
        work.session.add(feedback)
        work.session.flush()
        return 201, feedback_view(feedback)

    return once(body, effect)


@router.patch(
    "/{number}",
    summary="改一次评价的分数，或补上原因",
    responses=problems(400, 404, 413),
    response_model=FeedbackView,
)
def change_rating(
    number: Annotated[int, Path(ge=1, le=2_000_000_000)], body: RatingBody, once: AnyoneWriting
) -> Response:
    def effect(work: Work) -> tuple[int, FeedbackView]:
        feedback = work.session.get(Feedback, number, with_for_update=True)
        owner = work.acting.id if work.acting else None
        if (
            feedback is None
            or feedback.kind is not FeedbackKind.RATING
            or (feedback.conversation_id, feedback.customer_id) != (body.conversation_id, owner)
        ):
            raise not_found()
        feedback.score = body.score or feedback.score
        feedback.text = body.text or feedback.text
        return 200, feedback_view(feedback)

    return once(body, effect)
