// A certified provider with the same apps, people and flows as ours; one process, on the port that it is told.
import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";
import { RedisAdapter } from "./redis_adapter.mjs";

const { app, machines, password, port, redirectUri, secrets } = JSON.parse(process.env.PEER_CONFIGURATION);
const ARGON2ID = { algorithm: 2, memoryCost: 19456, timeCost: 2, parallelism: 1 };
const API = "urn:peer:api";
const known = await hash(password, ARGON2ID);

async function key(alg) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: "sig", kid: alg };
}

function person(id) {
  return {
    accountId: id,
    claims: () => ({ sub: id, name: `Name of ${id}`, given_name: "Name", family_name: id, email: `${id}@example.com`, email_verified: true }),
  };
}

const algorithmOf = (clientId) => machines[clientId] ?? "ES256";

const provider = new Provider(`http://localhost:${port}`, {
  adapter: RedisAdapter,
  clients: [
    {
      client_id: app,
      client_secret: secrets[app],
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code", "refresh_token"],
      id_token_signed_response_alg: "ES256",
      scope: "openid profile email offline_access",
    },
    ...Object.keys(machines).map((client_id) => ({
      client_id,
      client_secret: secrets[client_id],
      redirect_uris: [],
      response_types: [],
      grant_types: ["client_credentials"],
      scope: "provisioning",
    })),
  ],
  jwks: { keys: [await key("ES256"), await key("RS256")] },
  cookies: { keys: [randomBytes(32).toString("hex")] },
  claims: { openid: ["sub"], profile: ["name", "given_name", "family_name"], email: ["email", "email_verified"] },
  scopes: ["openid", "profile", "email", "offline_access", "provisioning"],
  enabledJWA: { idTokenSigningAlgValues: ["ES256", "RS256"] },
  findAccount: (_, id) => person(id),
  issueRefreshToken: () => true,
  rotateRefreshToken: () => true,
  loadExistingGrant: async (ctx) => {
    const { client, provider: own, session } = ctx.oidc;
    const given = session.grantIdFor(client.clientId);
    const found = given && (await own.Grant.find(given));
    if (found) return found;
    const grant = new own.Grant({ accountId: session.accountId, clientId: client.clientId });
    grant.addOIDCScope("openid profile email");
    await grant.save();
    return grant;
  },
  interactions: { url: (_, interaction) => `/login/${interaction.uid}` },
  ttl: { AccessToken: 36000, ClientCredentials: 300, Session: 36000, Grant: 36000, Interaction: 1800, IdToken: 300, RefreshToken: 36000, AuthorizationCode: 60 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    userinfo: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (ctx) => (ctx.oidc.params?.grant_type === "client_credentials" ? API : undefined),
      getResourceServerInfo: (_, __, client) => ({
        scope: "provisioning",
        audience: API,
        accessTokenFormat: "jwt",
        accessTokenTTL: 300,
        jwt: { sign: { alg: algorithmOf(client.clientId) } },
      }),
    },
  },
});

async function form(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return new URLSearchParams(Buffer.concat(parts).toString());
}

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/login/")) return next();
  if (ctx.method === "GET") {
    await provider.interactionDetails(ctx.req, ctx.res);
    ctx.body = "<form method=post><input name=username><input name=password></form>";
    return undefined;
  }
  const typed = await form(ctx.req);
  if (!(await verify(known, typed.get("password")))) ctx.throw(403);
  const location = await provider.interactionResult(ctx.req, ctx.res, { login: { accountId: typed.get("username") } });
  ctx.redirect(location);
  ctx.status = 303;
  return undefined;
});

provider.listen(port, "127.0.0.1");
