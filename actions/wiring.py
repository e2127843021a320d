"""Which implementation stands behind each gateway. Built on first use: importing `actions` opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from actions.gateways.account import AccountGateway, HttpAccount
from actions.gateways.after_sales import AfterSalesGateway, HttpAfterSales
from actions.gateways.belongings import BelongingsGateway, HttpBelongings
from actions.gateways.compensations import CompensationGateway, HttpCompensations
from actions.gateways.customers import CustomerGateway, HttpCustomers
from actions.gateways.desk import DeskGateway, HttpDesk
from actions.gateways.feedback import FeedbackGateway, HttpFeedback
from actions.gateways.http import BackOffice
from actions.gateways.invoices import HttpInvoices, InvoiceGateway
from actions.gateways.knowledge import HttpKnowledge, KnowledgeGateway
from actions.gateways.logistics import HttpLogistics, LogisticsGateway
from actions.gateways.orders import HttpOrders, OrderGateway
from actions.gateways.outcomes import HttpOutcomes, OutcomeGateway
from actions.gateways.payments import HttpPayments, PaymentGateway
from actions.gateways.pictures import HttpPictures, PictureGateway
from actions.gateways.products import HttpProducts, ProductGateway
from actions.gateways.promotions import HttpPromotions, PromotionGateway
from actions.gateways.tickets import HttpTickets, TicketGateway
from actions.settings import Settings


@dataclass(frozen=True)
class Gateways:
    """All ports of the actions."""

    customers: CustomerGateway
    orders: OrderGateway
    logistics: LogisticsGateway
    after_sales: AfterSalesGateway
    invoices: InvoiceGateway
    promotions: PromotionGateway
    compensations: CompensationGateway
    payments: PaymentGateway
    tickets: TicketGateway
    desk: DeskGateway
    products: ProductGateway
    account: AccountGateway
    feedback: FeedbackGateway
    outcomes: OutcomeGateway
    knowledge: KnowledgeGateway
    belongings: BelongingsGateway
    pictures: PictureGateway


@cache
def settings() -> Settings:
    """This process's settings."""
    return Settings.from_env()


@cache
def gateways() -> Gateways:
    """The gateways over the back office's HTTP API."""
    http = BackOffice(settings().backoffice_url, settings().service_token)
    return Gateways(
        customers=HttpCustomers(http),
        orders=HttpOrders(http),
        logistics=HttpLogistics(http),
        after_sales=HttpAfterSales(http),
        invoices=HttpInvoices(http),
        promotions=HttpPromotions(http),
        compensations=HttpCompensations(http),
        payments=HttpPayments(http),
        tickets=HttpTickets(http),
        desk=HttpDesk(http),
        products=HttpProducts(http),
        account=HttpAccount(http),
        feedback=HttpFeedback(http),
        pictures=HttpPictures(http),
        outcomes=HttpOutcomes(http),
        knowledge=HttpKnowledge(http),
        belongings=HttpBelongings(http),
    )
