"""The shapes of the API's documents; the directory's rules check their values."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from idp.directory.accounts import Role, Status
from idp.directory.entries import ContactKind
from idp.directory.provisioning import ContractEntry, CustomerDocument, MainContact

MOST_CONTRACTS = 2000

Line = Annotated[str, Field(max_length=1000)]


class Shape(BaseModel):
    """Types are taken as they are, unknown members refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ContractShape(Shape):
    """A contract of the customer."""

    id: Line = Field(description="The carrier's contract id, unique over all customers.", examples=["CP-4711"])
    product: Line = Field(description="The product; `cloud_phone` leads into the cloud telephone system.", examples=["cloud_phone"])
    label: Line = Field(description="What people call it.")
    active: bool = True


class MainContactShape(Shape):
    """The customer's main contact, who becomes its first Administrator Kundenportal."""

    salutation: Line | None = Field(None, examples=["Herr"])
    given_name: Line
    family_name: Line
    email: Line = Field(examples=["max.muster@example.com"])
    mobile: Line = Field(description="A mobile number in E.164; the SMS PIN goes there.", examples=["+4915155512345"])
    phone: Line | None = Field(None, examples=["+49211550"])
    locale: Line | None = Field(None, description="Language of mails: `de` (default) or `en`.")


class CustomerShape(Shape):
    """A customer as the ordering system knows it; a `PUT` replaces the whole."""

    name: Line
    active: bool = Field(True, description="`false` deactivates all accounts; `true` lifts exactly those deactivations.")
    contracts: list[ContractShape] = Field(max_length=MOST_CONTRACTS, description="All contracts; one that is not named becomes inactive.")
    main_contact: MainContactShape

    @model_validator(mode="before")
    @classmethod
    def leave_out_what_only_answers_have(cls, given: Any) -> Any:
        """Let an answer be changed and sent back."""
        if isinstance(given, dict):
            return {name: value for name, value in given.items() if name not in {"accounts", "awaiting_confirmation"}}
        return given

    def document(self) -> CustomerDocument:
        """Give the directory's own value."""
        contact = self.main_contact
        return CustomerDocument(
            name=self.name,
            active=self.active,
            contracts=tuple(ContractEntry(entry.id, entry.product, entry.label, entry.active) for entry in self.contracts),
            main_contact=MainContact(
                salutation=contact.salutation or "",
                given_name=contact.given_name,
                family_name=contact.family_name,
                email=contact.email,
                mobile=contact.mobile,
                phone=contact.phone or None,
                locale=contact.locale or "de",
            ),
        )


class AccountShape(Shape):
    """An account of the customer."""

    id: str = Field(description="Opaque and stable.")
    number: int = Field(description="»Benutzer ID«, running per customer from 1101.")
    username: str
    role: Role
    status: Status


class CustomerAnswer(CustomerShape):
    """The customer's document with its accounts."""

    accounts: list[AccountShape]
    awaiting_confirmation: list[ContactKind] = Field(
        default=[], description="What of the main contact waits until its owner confirms it; left out when nothing does."
    )


class ProblemEntry(Shape):
    """A wrong entry of a document."""

    path: str = Field(examples=["main_contact.mobile"])
    pointer: str = Field(description="The same as a JSON pointer.", examples=["#/main_contact/mobile"])
    detail: str


class Problem(Shape):
    """Problem details (RFC 9457)."""

    type: str = Field(examples=["urn:idp:problem:invalid"])
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable, for programs.")
    request_id: str = Field(description="What the service desk asks for.")
    errors: list[ProblemEntry] = Field(default=[], description="Present with status 422.")
