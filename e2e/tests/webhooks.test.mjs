// The PBX's side, played by others than ourselves: the reference library of Standard Webhooks signs, and our own
// player misbehaves.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Webhook } from "standardwebhooks";
import { apiAs, BINARY, startServer } from "../support/server.mjs";

const OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

let server;
let admin;

before(async () => {
  server = await startServer({ env: { BRACKNET_WEBHOOK_SECRET: `${NEW},${OLD}` } });
  admin = await apiAs(server.url, "admin");
});

after(() => server?.discard());

const body = (id) =>
  JSON.stringify({
    event: "incoming_call",
    bracknet_call_id: id,
    from: "01712345678",
    to_extension: "201",
  });

async function send(secret, id, text, { at = new Date(), signed = text } = {}) {
  const answer = await fetch(`${server.url}/api/webhook/bracknet/incoming-call`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      ...(secret ? { "webhook-signature": new Webhook(secret).sign(id, at, signed) } : {}),
    },
    body: text,
  });
  const { code } = await answer.json();
  return code ?? answer.status;
}

const deliveries = async (outcome) =>
  (await admin.get(`/api/telephony/webhook-deliveries?limit=200&outcome=${outcome}`)).items;

test("what the reference library signs is believed, once; anything else is not", async () => {
  assert.equal(await send(NEW, "msg_1", body("A")), 200);
  assert.equal(await send(NEW, "msg_1", body("A")), 200);
  assert.equal((await deliveries("applied")).length, 1);
  assert.equal(await send(OLD, "msg_2", body("B")), 200);
  assert.equal(await send(null, "msg_3", body("C")), "webhook_unsigned");
  const stranger = `whsec_${Buffer.from("somebody else's").toString("base64")}`;
  assert.equal(await send(stranger, "msg_3", body("C")), "webhook_signature_wrong");
  assert.equal(await send(NEW, "msg_3", body("C"), { signed: body("D") }), "webhook_signature_wrong");
  const at = new Date(Date.now() - 6 * 60_000);
  assert.equal(await send(NEW, "msg_3", body("C"), { at }), "webhook_stale");
  const seen = await admin.get("/api/telephony/calls");
  assert.deepEqual(seen.items.map((call) => call.externalCallId).sort(), ["A", "B"]);
});

test("our own PBX on a bad line leaves no call open and none twice", async () => {
  const play = (secret, ...more) =>
    promisify(execFile)(
      BINARY,
      ["simulate", "webhooks", "--url", server.url, "--calls", "40", "--seed", "7", ...more],
      { env: { BRACKNET_WEBHOOK_SECRET: secret } },
    );
  const { stdout } = await play(NEW, "--duplicate", "0.3", "--reorder", "0.4", "--delay", "5");
  assert.match(stdout, /^40 calls, \d+ webhooks .*/);
  const calls = (await admin.get("/api/telephony/calls?limit=200")).items.filter((call) =>
    call.externalCallId.startsWith("PLAY-7-"),
  );
  assert.equal(calls.length, 40);
  assert.deepEqual(
    calls.filter((call) => !["completed", "missed"].includes(call.status)),
    [],
  );
  await assert.rejects(play("wrong"), /webhooks were not accepted/);
});
