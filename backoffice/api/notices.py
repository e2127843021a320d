"""What the shop tells a customer by itself: that a refund has arrived, that a parcel was signed for."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Request
from pydantic import Field, StringConstraints

from backoffice.api.context import KeyHeader, Reading, problems
from backoffice.api.inputs import Body, Printable
from backoffice.api.routing import Router
from backoffice.assistant import Assistant, AssistantUnreachable
from backoffice.problems import Problem, not_found
from backoffice.views.base import View

router = Router(prefix="/notices", tags=["customers"])

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Value = Annotated[str, StringConstraints(max_length=100), Printable]


class NoticeBody(Body):
    customer_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")] = Field(
        examples=["C000001"]
    )
    template: Word = Field(description="connectors/wechat/notices.yml 里的名字", examples=["refund_arrived"])
    values: dict[Word, Value] = Field(
        max_length=20, examples=[{"slip": "TH202611210001", "amount": "39.90", "route": "微信支付"}]
    )


class NoticeView(View):
    told: Literal["wechat", "sms", "later", "before"] = Field(
        description="微信、短信；later：顾客下次说话或打开网页时看到；before：早就告诉过了"
    )


@router.post(
    "",
    summary="主动告诉客户一件事",
    description=(
        "绑定了微信的发模板消息，发不了的发短信，再不行留到下次。"
        "同一个 Idempotency-Key（例如 refund-TH202611210001）只告诉一次；"
        "没有发出去（503）就用同一个键再来。客户从来没有来过：404。"
    ),
    responses=problems(400, 404, 413, 503),
)
def tell(body: NoticeBody, key: KeyHeader, _look: Reading, request: Request) -> NoticeView:
    # No write of ours: the assistant knows the key, and no transaction waits for it.
    settings = request.app.state.settings
    assistant = Assistant(settings.rasa_api_url, settings.rasa_token)
    told = {"customer": body.customer_id, "template": body.template, "values": body.values, "key": key}
    try:
        answer = assistant.notify(settings.service_token, told)
    except AssistantUnreachable:
        detail = "通知暂时没有发出去，请用同一个 Idempotency-Key 再发一次。"
        raise Problem(503, "assistant_unreachable", detail) from None
    finally:
        assistant.close()
    if answer is None:
        raise not_found()
    return NoticeView.model_validate({"told": answer})
