-- Forgets one person: everything that names a deactivated account goes, the account's row stays without a name. PostgreSQL and SQLite.
-- Put the account's id in place of ACCOUNT-ID; docs/runbooks/gdpr-request.md says how and what else there is.
BEGIN;

DELETE FROM passwords WHERE account_id = 'ACCOUNT-ID';
DELETE FROM former_passwords WHERE account_id = 'ACCOUNT-ID';
DELETE FROM password_resets WHERE account_id = 'ACCOUNT-ID';
DELETE FROM activations WHERE account_id = 'ACCOUNT-ID';
DELETE FROM pin_challenges WHERE account_id = 'ACCOUNT-ID';
DELETE FROM pin_rounds WHERE account_id = 'ACCOUNT-ID';
DELETE FROM known_devices WHERE account_id = 'ACCOUNT-ID';
DELETE FROM signins WHERE account_id = 'ACCOUNT-ID';
DELETE FROM consents WHERE account_id = 'ACCOUNT-ID';

DELETE FROM access_tokens WHERE family_id IN (SELECT id FROM token_families WHERE account_id = 'ACCOUNT-ID');
DELETE FROM family_contracts WHERE family_id IN (SELECT id FROM token_families WHERE account_id = 'ACCOUNT-ID');
DELETE FROM token_families WHERE account_id = 'ACCOUNT-ID';
DELETE FROM session_clients WHERE session_id IN (SELECT id FROM sessions WHERE account_id = 'ACCOUNT-ID');
DELETE FROM sessions WHERE account_id = 'ACCOUNT-ID';

DELETE FROM contact_changes WHERE account_id = 'ACCOUNT-ID';
DELETE FROM contract_grants WHERE account_id = 'ACCOUNT-ID';
DELETE FROM invitations WHERE account_id = 'ACCOUNT-ID';
DELETE FROM access_requests WHERE account_id = 'ACCOUNT-ID' OR lower(email) = (SELECT email_key FROM accounts WHERE id = 'ACCOUNT-ID');
-- apps that are still to be told of the logout are told
DELETE FROM jobs WHERE account_id = 'ACCOUNT-ID' AND (finished_at IS NOT NULL OR kind <> 'logout_token');

-- the ordering system's document names its main contact; the next document makes a new account
UPDATE customers SET document = '{}', main_contact_account_id = NULL WHERE main_contact_account_id = 'ACCOUNT-ID';

UPDATE accounts
SET username = 'geloescht-' || id, username_key = 'geloescht-' || lower(id),
    salutation = '', given_name = '', family_name = 'gelöscht', name_key = 'geloscht',
    email = 'geloescht@example.invalid', email_key = 'geloescht@example.invalid', email_verified_at = NULL,
    mobile = NULL, mobile_verified_at = NULL, phone = NULL, locked_at = deactivated_at
WHERE id = 'ACCOUNT-ID' AND deactivated_at IS NOT NULL;

COMMIT;
