// »SMS PIN erforderlich«: takes the PIN from the message itself where the phone offers that (WebOTP). The person confirms.

export function enhance(inputs) {
  if (!("OTPCredential" in window)) return;
  const waiting = new AbortController();
  const [input] = inputs;
  input.form?.addEventListener("submit", () => waiting.abort());
  navigator.credentials
    .get({ otp: { transport: ["sms"] }, signal: waiting.signal })
    .then((message) => { if (message && !input.value) input.value = message.code; })
    .catch(() => {}); // refused or no message: the person types it
}
