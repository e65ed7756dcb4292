"""Who and what is in the demo: two customers, so that isolation can be seen, and two of the carrier's own people."""

from dataclasses import dataclass

from idp.directory.accounts import Role
from idp.directory.contracts import CLOUD_PHONE
from idp.directory.provisioning import ContractEntry, CustomerDocument, MainContact


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A person with an account; `active` from the start, or invited."""

    username: str
    role: Role
    salutation: str
    given_name: str
    family_name: str
    email: str
    mobile: str | None
    active: bool = True


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """A customer as the ordering system knows it, and its further accounts."""

    number: str
    name: str
    contracts: tuple[ContractEntry, ...]
    main_contact: DemoPerson
    others: tuple[DemoPerson, ...] = ()

    @property
    def document(self) -> CustomerDocument:
        """The ordering system's document."""
        person = self.main_contact
        contact = MainContact(
            salutation=person.salutation,
            given_name=person.given_name,
            family_name=person.family_name,
            email=person.email,
            mobile=person.mobile or "",
        )
        return CustomerDocument(name=self.name, contracts=self.contracts, main_contact=contact)


PORTAL_ADMIN, PHONE_ADMIN = Role.ADMINISTRATOR_KUNDENPORTAL, Role.ADMINISTRATOR_TELEFONANLAGE

CUSTOMERS = (
    DemoCustomer(
        number="2300229",
        name="Muster GmbH",
        contracts=(
            ContractEntry(id="CP-4711", product=CLOUD_PHONE, label="cloud.phone Zentrale"),
            ContractEntry(id="CP-4712", product=CLOUD_PHONE, label="cloud.phone Niederlassung"),
            ContractEntry(id="IN-1001", product="internet", label="Internetanschluss"),
        ),
        main_contact=DemoPerson("customer2300229", PORTAL_ADMIN, "Herr", "Max", "Muster", "max.muster@example.com", "+4915112345601"),
        others=(
            DemoPerson(
                "Admin.Telefonanlage1",
                PHONE_ADMIN,
                "Frau",
                "Tanja",
                "Testerin",
                "tanja.testerin@example.com",
                "+4915112345602",
                active=False,
            ),
            DemoPerson("Admin.Telefonanlage2", PHONE_ADMIN, "Herr", "Tim", "Tester", "tim.tester@example.com", "+4915112345603"),
        ),
    ),
    DemoCustomer(
        number="2300230",
        name="Beispiel AG",
        contracts=(ContractEntry(id="CP-5811", product=CLOUD_PHONE, label="cloud.phone"),),
        main_contact=DemoPerson(
            "customer2300230", PORTAL_ADMIN, "Frau", "Erika", "Beispiel", "erika.beispiel@example.org", "+4915112345611"
        ),
    ),
)

STAFF = (
    DemoPerson("betrieb", Role.OPERATOR, "", "Bea", "Betrieb", "betrieb@example.net", "+4915112345621"),
    DemoPerson("servicedesk", Role.SERVICEDESK, "", "Sven", "Servicedesk", "servicedesk@example.net", "+4915112345622"),
)
