// Keeps the peer's models in Redis: one string for each, an index by uid, and a set for each grant. Written for the measurement.
import Redis from "ioredis";

const redis = new Redis(process.env.PEER_REDIS, { keyPrefix: "peer:" });
const CONSUMED = "consumed";
const ONCE = new Set(["AuthorizationCode", "RefreshToken", "DeviceCode", "BackchannelAuthenticationRequest"]);
const OF_A_GRANT = new Set(["AccessToken", "AuthorizationCode", "RefreshToken", "DeviceCode", "BackchannelAuthenticationRequest"]);

export class RedisAdapter {
  constructor(model) {
    this.model = model;
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload, expiresIn) {
    const key = this.key(id);
    const batch = redis.pipeline();
    const text = JSON.stringify(payload);
    if (ONCE.has(this.model)) {
      batch.hset(key, "payload", text);
      if (expiresIn) batch.expire(key, expiresIn);
    } else if (expiresIn) {
      batch.set(key, text, "EX", expiresIn);
    } else {
      batch.set(key, text);
    }
    if (OF_A_GRANT.has(this.model) && payload.grantId) {
      batch.sadd(`grant:${payload.grantId}`, key);
      if (expiresIn) batch.expire(`grant:${payload.grantId}`, 14 * 24 * 3600);
    }
    if (payload.uid) batch.set(`uid:${payload.uid}`, id, "EX", expiresIn || 24 * 3600);
    if (payload.userCode) batch.set(`userCode:${payload.userCode}`, id, "EX", expiresIn || 3600);
    await batch.exec();
  }

  async find(id) {
    if (!ONCE.has(this.model)) {
      const text = await redis.get(this.key(id));
      return text ? JSON.parse(text) : undefined;
    }
    const [payload, consumed] = await redis.hmget(this.key(id), "payload", CONSUMED);
    if (!payload) return undefined;
    return consumed ? { ...JSON.parse(payload), consumed: Number(consumed) } : JSON.parse(payload);
  }

  async findByUid(uid) {
    const id = await redis.get(`uid:${uid}`);
    return id ? this.find(id) : undefined;
  }

  async findByUserCode(userCode) {
    const id = await redis.get(`userCode:${userCode}`);
    return id ? this.find(id) : undefined;
  }

  async consume(id) {
    await redis.hset(this.key(id), CONSUMED, Math.floor(Date.now() / 1000));
  }

  async destroy(id) {
    await redis.del(this.key(id));
  }

  async revokeByGrantId(grantId) {
    const keys = await redis.smembers(`grant:${grantId}`);
    await redis.del(`grant:${grantId}`, ...keys);
  }
}
