"""The German words, by their English message id. The wording of the tiles and of the greeting is the guide's, to the letter."""

GERMAN = {
    # frame
    "Skip to content": "Zum Inhalt springen",
    "Customer portal": "Kundenportal",
    "Overview": "Übersicht",
    "Main menu": "Hauptmenü",
    "Service phone": "Servicetelefon",
    "Service e-mail": "Service-E-Mail",
    "Sign out": "Abmelden",
    "Language": "Sprache",
    "Imprint": "Impressum",
    "Privacy": "Datenschutz",
    "User management": "Benutzerverwaltung Kundenportal",
    "My account": "Mein Konto",
    "Customer number {number}": "Kundennummer {number}",
    "Back to the overview": "Zurück zur Übersicht",
    # roles
    "Customer portal administrator": "Administrator Kundenportal",
    "Telephone system administrator": "Administrator Telefonanlage",
    "Service desk": "Servicedesk",
    "Operations": "Betrieb",
    # overview
    "Hello {name}, welcome to the {brand} customer portal": "Hallo {name}, herzlich willkommen im {brand} Kundenportal",
    "Choose what you would like to do.": "Wählen Sie, was Sie tun möchten.",
    "There is nothing here for your role yet.": "Für Ihre Rolle gibt es hier noch nichts.",
    "Please ask the administrator of your customer portal, or our service.": (
        "Bitte wenden Sie sich an den Administrator Ihres Kundenportals oder an unseren Service."
    ),
    "Your orders": "Ihre Aufträge",
    "Your contracts": "Ihre Verträge",
    "Options": "Optionen",
    "Your support tickets": "Ihre Support-Tickets",
    "cloud.phone management": "cloud.phone Management",
    "Your contract documents": "Ihre Vertragsunterlagen",
    "Your invoices": "Ihre Rechnungen",
    "Documentation": "Dokumentation",
    "State and dates of what you ordered": "Stand und Termine Ihrer Bestellungen",
    "All products at a glance": "Alle Produkte im Überblick",
    "Extend your contracts": "Ihre Verträge erweitern",
    "Reported faults and their state": "Gemeldete Störungen und ihr Stand",
    "Open your telephone system": "Ihre Telefonanlage öffnen",
    "Contracts and confirmations": "Verträge und Bestätigungen",
    "Amounts, due dates and payments": "Beträge, Fälligkeiten und Zahlungen",
    "Handbook and guides for cloud.phone": "Handbuch und Anleitungen zu cloud.phone",
    # lists
    "You have no orders at the moment.": "Zurzeit liegen keine Aufträge vor.",
    "There are no contracts for your account.": "Für Ihr Benutzerkonto gibt es keine Verträge.",
    "There are no options for your contracts at the moment.": "Zurzeit gibt es keine Optionen zu Ihren Verträgen.",
    "You have no open or recently closed tickets.": "Es gibt keine offenen oder kürzlich geschlossenen Tickets.",
    "There are no contract documents yet.": "Es gibt noch keine Vertragsunterlagen.",
    "There are no invoices yet.": "Es gibt noch keine Rechnungen.",
    "Questions? Our service helps you.": "Fragen? Unser Service hilft Ihnen weiter.",
    "Orders, newest first.": "Ihre Aufträge, der neueste zuerst.",
    "Options that you booked, and those that you can add. To book, please call or write to our service.": (
        "Gebuchte Optionen und solche, die Sie ergänzen können. Zum Buchen rufen Sie bitte an oder schreiben Sie unserem Service."
    ),
    "Tickets that are in progress or were closed recently.": ("Tickets, die in Bearbeitung sind oder kürzlich geschlossen wurden."),
    "Documents for your contracts.": "Unterlagen zu Ihren Verträgen.",
    "Invoices of the last months.": "Rechnungen der letzten Monate.",
    "The products that your account may see.": "Die Produkte, die Ihr Benutzerkonto sehen darf.",
    "Contract ID": "Vertrags-ID",
    "Active": "Aktiv",
    "Ended": "Beendet",
    "In progress": "In Bearbeitung",
    "Activated": "Freigeschaltet",
    "Booked": "Gebucht",
    "Bookable": "Buchbar",
    "Closed": "Geschlossen",
    "Signed": "Unterschrieben",
    "Sent": "Versendet",
    "Open": "Offen",
    "Paid": "Bezahlt",
    # demo data
    "cloud.phone: four more extensions": "cloud.phone: vier weitere Nebenstellen",
    "Fiber business line 500": "Glasfaseranschluss Business 500",
    "cloud.phone: first installation": "cloud.phone: Ersteinrichtung",
    "Call recording": "Gesprächsaufzeichnung",
    "Fax to e-mail": "Fax an E-Mail",
    "Queue with announcements": "Warteschlange mit Ansagen",
    "Desk phone does not register": "Tischtelefon meldet sich nicht an",
    "Number porting of a second block": "Rufnummernmitnahme eines zweiten Blocks",
    "Contract cloud.phone": "Vertrag cloud.phone",
    "Order confirmation Fiber business line 500": "Auftragsbestätigung Glasfaseranschluss Business 500",
    "Data processing agreement": "Vereinbarung zur Auftragsverarbeitung",
    "Invoice November 2026": "Rechnung November 2026",
    "Invoice October 2026": "Rechnung Oktober 2026",
    "Invoice September 2026": "Rechnung September 2026",
    # cloud.phone
    "Choose the contract whose telephone system you want to open. You need not sign in again.": (
        "Wählen Sie den Vertrag, dessen Telefonanlage Sie öffnen möchten. Sie müssen sich nicht noch einmal anmelden."
    ),
    "Open cloud.phone": "cloud.phone öffnen",
    "for contract {id}": "für Vertrag {id}",
    "There is no active cloud.phone contract for your account.": ("Für Ihr Benutzerkonto gibt es keinen aktiven cloud.phone-Vertrag."),
    "The administrator of your customer portal can give you access.": (
        "Der Administrator Ihres Kundenportals kann Ihnen den Zugriff geben."
    ),
    # signed out, errors
    "You are signed out": "Sie sind abgemeldet",
    "You were signed out of all applications.": "Ihre Anmeldung wurde in allen Anwendungen beendet.",
    "See you soon.": "Bis zum nächsten Mal.",
    "Only your sign-in at this portal was ended, because the sign-in service does not answer. Please close your browser.": (
        "Nur Ihre Anmeldung in diesem Portal wurde beendet, weil der Anmeldedienst nicht antwortet. Bitte schließen Sie Ihren Browser."
    ),
    "Sign in again": "Erneut anmelden",
    "Sign-in not completed": "Anmeldung nicht abgeschlossen",
    "The sign-in was cancelled or not allowed.": "Die Anmeldung wurde abgebrochen oder nicht erlaubt.",
    "This sign-in has expired or was begun in another browser.": (
        "Diese Anmeldung ist abgelaufen oder wurde in einem anderen Browser begonnen."
    ),
    "The sign-in could not be completed.": "Die Anmeldung konnte nicht abgeschlossen werden.",
    "This link does not lead into this portal.": "Dieser Link führt nicht in dieses Portal.",
    "Please sign in again. If it happens once more, our service helps you.": (
        "Bitte melden Sie sich erneut an. Geschieht es noch einmal, hilft Ihnen unser Service."
    ),
    "Sign-in service not reachable": "Anmeldedienst nicht erreichbar",
    "We cannot reach the sign-in service right now. Please try again in a minute.": (
        "Wir erreichen den Anmeldedienst gerade nicht. Bitte versuchen Sie es in einer Minute noch einmal."
    ),
    "Try again": "Erneut versuchen",
    "Not for your role": "Nicht für Ihre Rolle",
    "Your role does not include this area. The administrator of your customer portal can tell you more.": (
        "Dieser Bereich gehört nicht zu Ihrer Rolle. Der Administrator Ihres Kundenportals kann Ihnen mehr dazu sagen."
    ),
    "Page not found": "Seite nicht gefunden",
    "This address does not exist here.": "Diese Adresse gibt es hier nicht.",
    "Please try once more": "Bitte versuchen Sie es noch einmal",
    "The form was too old or came from another page. Go back to the overview and repeat the step.": (
        "Das Formular war zu alt oder kam von einer anderen Seite. Gehen Sie zur Übersicht und wiederholen Sie den Schritt."
    ),
    "Something went wrong": "Etwas ist schiefgegangen",
    "We could not show this page. Please try again later.": (
        "Wir konnten diese Seite nicht anzeigen. Bitte versuchen Sie es später noch einmal."
    ),
    "Request number for the service desk: {number}": "Vorgangsnummer für den Service: {number}",
}
