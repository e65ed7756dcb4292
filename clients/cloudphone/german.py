"""The German words, by their English message id."""

GERMAN = {
    # frame
    "Skip to content": "Zum Inhalt springen",
    "Telephone systems": "Telefonanlagen",
    "Main menu": "Hauptmenü",
    "Service phone": "Servicetelefon",
    "Service e-mail": "Service-E-Mail",
    "Sign out": "Abmelden",
    "Language": "Sprache",
    "Imprint": "Impressum",
    "Privacy": "Datenschutz",
    "Customer portal": "Kundenportal",
    "Documentation": "Dokumentation",
    "Customer portal administrator": "Administrator Kundenportal",
    "Telephone system administrator": "Administrator Telefonanlage",
    # pages
    "Please choose a contract": "Bitte wählen Sie einen Vertrag",
    "A telephone system is opened from the customer portal: choose the contract there, under cloud.phone management.": (
        "Eine Telefonanlage öffnen Sie aus dem Kundenportal: Wählen Sie dort unter cloud.phone Management den Vertrag aus."
    ),
    "To the customer portal": "Zum Kundenportal",
    "Your opened telephone systems": "Ihre geöffneten Telefonanlagen",
    "Further contracts are opened from the customer portal.": "Weitere Verträge öffnen Sie aus dem Kundenportal.",
    "Open": "Öffnen",
    "contract {id}": "Vertrag {id}",
    "Telephone system": "Telefonanlage",
    "Contract ID": "Vertrags-ID",
    "Label": "Bezeichnung",
    "Signed in as": "Angemeldet als",
    "User ID": "Nutzerkennung",
    "Role": "Rolle",
    "Your access": "Ihr Zugang",
    "Handbook and guides": "Handbuch und Anleitungen",
    "How to set up extensions, groups and devices.": "So richten Sie Nebenstellen, Gruppen und Endgeräte ein.",
    "Another contract": "Anderer Vertrag",
    "What you set here applies to this contract only.": "Was Sie hier einstellen, gilt nur für diesen Vertrag.",
    # signed out, errors
    "You are signed out": "Sie sind abgemeldet",
    "You were signed out of all applications.": "Ihre Anmeldung wurde in allen Anwendungen beendet.",
    "See you soon.": "Bis zum nächsten Mal.",
    "Only your sign-in here was ended, because the sign-in service does not answer. Please close your browser.": (
        "Nur Ihre Anmeldung hier wurde beendet, weil der Anmeldedienst nicht antwortet. Bitte schließen Sie Ihren Browser."
    ),
    "You cannot open this telephone system": "Diese Telefonanlage können Sie nicht öffnen",
    "Contract {id} has ended, is not open to your user account, or the sign-in was cancelled.": (
        "Der Vertrag {id} ist beendet, für Ihr Benutzerkonto nicht freigegeben, oder die Anmeldung wurde abgebrochen."
    ),
    "The contract has ended, is not open to your user account, or the sign-in was cancelled.": (
        "Der Vertrag ist beendet, für Ihr Benutzerkonto nicht freigegeben, oder die Anmeldung wurde abgebrochen."
    ),
    "In the customer portal you see the contracts that you can open. The administrator of your customer portal can give you access.": (
        "Im Kundenportal sehen Sie die Verträge, die Sie öffnen können. Der Administrator Ihres Kundenportals kann Ihnen den Zugriff geben."
    ),
    "Sign-in not completed": "Anmeldung nicht abgeschlossen",
    "This sign-in has expired or was begun in another browser.": (
        "Diese Anmeldung ist abgelaufen oder wurde in einem anderen Browser begonnen."
    ),
    "The sign-in could not be completed.": "Die Anmeldung konnte nicht abgeschlossen werden.",
    "This link does not lead into this application.": "Dieser Link führt nicht in diese Anwendung.",
    "Sign in again": "Erneut anmelden",
    "Please choose the contract in the customer portal again. If it happens once more, our service helps you.": (
        "Bitte wählen Sie den Vertrag im Kundenportal erneut. Geschieht es noch einmal, hilft Ihnen unser Service."
    ),
    "Sign-in service not reachable": "Anmeldedienst nicht erreichbar",
    "We cannot reach the sign-in service right now. Please try again in a minute.": (
        "Wir erreichen den Anmeldedienst gerade nicht. Bitte versuchen Sie es in einer Minute noch einmal."
    ),
    "Try again": "Erneut versuchen",
    "Page not found": "Seite nicht gefunden",
    "This address does not exist here.": "Diese Adresse gibt es hier nicht.",
    "Please try once more": "Bitte versuchen Sie es noch einmal",
    "The form was too old or came from another page. Go back and repeat the step.": (
        "Das Formular war zu alt oder kam von einer anderen Seite. Gehen Sie zurück und wiederholen Sie den Schritt."
    ),
    "Something went wrong": "Etwas ist schiefgegangen",
    "We could not show this page. Please try again later.": (
        "Wir konnten diese Seite nicht anzeigen. Bitte versuchen Sie es später noch einmal."
    ),
    "To the start": "Zur Startseite",
    "Request number for the service desk: {number}": "Vorgangsnummer für den Service: {number}",
}
