// Does with openid-client what the tests ask for: one JSON document a line comes in, one goes out.
// An app is known by the name that the test gave it; what the library refuses comes back as `error`.
import { createInterface } from "node:readline";
import { importJWK } from "jose";
import * as client from "openid-client";

const apps = new Map();
const insecure = { execute: [client.allowInsecureRequests] }; // http on the loopback

async function authentication({ secret, jwk, alg }) {
  if (secret) return client.ClientSecretBasic(secret);
  if (!jwk) return client.None();
  return client.PrivateKeyJwt({ key: await importJWK(jwk, alg), kid: jwk.kid });
}

async function remember(name, config, asked) {
  const app = { config, attempts: new Map() };
  if (asked.dpop) app.options = { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair(asked.dpop)) };
  if (asked.jwk) app.signing = { key: await importJWK(asked.jwk, asked.alg), kid: asked.jwk.kid };
  if (asked.jarm) client.useJwtResponseMode(config);
  if (asked.verify_all) client.enableNonRepudiationChecks(config); // signatures of what came straight from the provider, too
  apps.set(name, app);
}

const commands = {
  async discover({ app, issuer, client_id, metadata, ...asked }) {
    const config = await client.discovery(new URL(issuer), client_id, metadata, await authentication(asked), insecure);
    await remember(app, config, asked);
    return config.serverMetadata();
  },

  async register({ app, issuer, metadata, initial_access_token, ...asked }) {
    const options = { ...insecure, initialAccessToken: initial_access_token };
    const config = await client.dynamicClientRegistration(new URL(issuer), metadata, undefined, options);
    await remember(app, config, asked);
    return config.clientMetadata();
  },

  // Gives the address to which the browser goes; `how`: in the query, by PAR, as a request object, or as a pushed request object.
  async begin({ app, how, parameters }) {
    const { config, attempts, options, signing } = apps.get(app);
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const expectedState = client.randomState();
    const expectedNonce = parameters.scope?.split(" ").includes("openid") ? client.randomNonce() : undefined;
    const asked = {
      state: expectedState,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
      ...(expectedNonce && { nonce: expectedNonce }),
      ...parameters,
    };
    const maxAge = parameters.max_age === undefined ? undefined : Number(parameters.max_age);
    attempts.set(app, { pkceCodeVerifier, expectedState, expectedNonce, maxAge, idTokenExpected: Boolean(expectedNonce) });
    if (how === "par") return (await client.buildAuthorizationUrlWithPAR(config, asked, options)).href;
    if (how === "query") return client.buildAuthorizationUrl(config, asked).href;
    const signed = await client.buildAuthorizationUrlWithJAR(config, asked, signing);
    if (how === "jar") return signed.href;
    return (await client.buildAuthorizationUrlWithPAR(config, signed.searchParams, options)).href;
  },

  async finish({ app, url, form }) {
    const { config, attempts, options } = apps.get(app);
    const came = form ? new Request(url, { method: "POST", body: new URLSearchParams(form) }) : new URL(url);
    const tokens = await client.authorizationCodeGrant(config, came, attempts.get(app), undefined, options);
    return { ...tokens, claims: tokens.claims() };
  },

  async refresh({ app, token, parameters }) {
    const { config, options } = apps.get(app);
    const tokens = await client.refreshTokenGrant(config, token, parameters, options);
    return { ...tokens, claims: tokens.claims() };
  },

  userinfo: ({ app, token, subject }) => client.fetchUserInfo(apps.get(app).config, token, subject, apps.get(app).options),

  introspect: ({ app, token }) => client.tokenIntrospection(apps.get(app).config, token),

  revoke: async ({ app, token }) => (await client.tokenRevocation(apps.get(app).config, token)) ?? {},

  end_session: ({ app, parameters }) => client.buildEndSessionUrl(apps.get(app).config, parameters).href,

  client_credentials: ({ app, parameters }) => client.clientCredentialsGrant(apps.get(app).config, parameters, apps.get(app).options),

  grant: ({ app, type, parameters }) => client.genericGrantRequest(apps.get(app).config, type, parameters, apps.get(app).options),

  async fetch({ app, token, url }) {
    const { config, options } = apps.get(app);
    const response = await client.fetchProtectedResource(config, token, new URL(url), "GET", undefined, undefined, options);
    return { status: response.status, body: await response.json() };
  },

  device: ({ app, parameters }) => client.initiateDeviceAuthorization(apps.get(app).config, parameters),

  async poll({ app, device }) {
    const { config, options } = apps.get(app);
    const tokens = await client.pollDeviceAuthorizationGrant(config, device, undefined, options);
    return { ...tokens, claims: tokens.claims() };
  },
};

async function answer(line) {
  const { command, ...asked } = JSON.parse(line);
  try {
    return { result: (await commands[command](asked)) ?? null };
  } catch (error) {
    const challenge = Array.isArray(error.cause) ? error.cause[0]?.parameters?.error : undefined; // of WWW-Authenticate
    return { error: error.error ?? challenge ?? error.code ?? error.name, message: error.message, cause: String(error.cause?.message ?? "") };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(line)));
}
