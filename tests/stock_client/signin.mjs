// Signs in with openid-client: prints the authorization URL, reads the callback URL, prints ID token claims and UserInfo.
import { createInterface } from "node:readline/promises";
import * as client from "openid-client";

const [issuer, clientId, clientSecret, redirectUri] = process.argv.slice(2);
const options = { execute: [client.allowInsecureRequests] }; // http on the loopback
const config = await client.discovery(new URL(issuer), clientId, clientSecret, undefined, options);

const codeVerifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: redirectUri,
  scope: "openid profile email roles",
  code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
  code_challenge_method: "S256",
  state,
  nonce,
});
console.log(url.href);

const lines = createInterface({ input: process.stdin });
const [callback] = await new Promise((resolve) => lines.once("line", (line) => resolve([line])));
lines.close();

const tokens = await client.authorizationCodeGrant(config, new URL(callback), {
  pkceCodeVerifier: codeVerifier,
  expectedState: state,
  expectedNonce: nonce,
});
const claims = tokens.claims();
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
console.log(JSON.stringify({ claims, userinfo, refreshed: Boolean(refreshed.access_token) }));
