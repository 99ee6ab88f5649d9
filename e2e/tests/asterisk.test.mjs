// The telephone in the browser, a real Asterisk, and a carrier with customers: from pressing Call to hearing
// each other, and everything that goes wrong in between.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { launch, logIn, person, shot, violations } from "../support/browser.mjs";
import { choose, plan } from "../support/desk.mjs";
import {
  allHangUp,
  asterisk,
  callIn,
  channels,
  hangUpAll,
  hears,
  heardBy,
  isTone,
  keyed,
  lab,
  loudness,
  plugIn,
  unplug,
  until,
} from "../support/lab.mjs";
import { apiAs, cable, startServer } from "../support/server.mjs";

const TODAY = "/api/crm/automation/tasks/today";
let server;
let browser;
let network;
let taken = 0;

const suite = lab ? describe : describe.skip;
if (!lab) console.error("SKIPPED: no Asterisk (TRUSTCART_LAB is not set); `cargo xtask test` starts one");

/** A number nobody has, whose last digit says how the customer behaves. */
const number = (digit) => {
  taken += 1;
  return `0191${String(1000000 + taken * 10 + digit).slice(-7)}`;
};
const TONE = 7;

/** Sessions are kept: the server slows down who logs in too often. */
const sessions = new Map();
async function apiOf(login) {
  if (!sessions.has(login)) sessions.set(login, await apiAs(server.url, login));
  return sessions.get(login);
}

suite("with a real Asterisk", { concurrency: false }, () => {
  before(async () => {
    network = await cable({ port: Number(new URL(lab.url).port) });
    server = await startServer({ env: { ...asterisk, ASTERISK_WS_URL: `${network.url.replace("http", "ws")}/ws` } });
    browser = await launch({ media: true });
    await plan(server);
  });

  after(async () => {
    await browser?.close();
    await server?.discard();
    network?.close();
    assert.deepEqual(await until("no channel is left", async () => (await channels()).length === 0), true);
  });

  afterEach(hangUpAll);

  /** An agent at the desk whose telephone is connected. */
  async function agent(n, options) {
    const login = `agent${n}`;
    const api = await apiOf(login);
    const { items } = await api.get(TODAY);
    const task = items.find((item) => item.status === "pending");
    const me = await person(browser, server.url, { ...options, microphone: true });
    await logIn(me.page, login);
    await me.page.getByText("Phone ready").first().waitFor();
    await choose(me.page, task);
    return { ...me, api, task, extension: String(200 + n) };
  }

  async function dial({ page }, to) {
    await page.getByLabel("Number to be dialled").fill(to);
    await page.getByLabel("Number to be dialled").blur();
    await page.keyboard.press("c");
  }

  const connected = ({ page }) => page.getByText("Connected").first().waitFor();
  const latest = async ({ api }) => (await api.get("/api/telephony/calls?limit=1")).items[0];
  const over = (who) =>
    until("the call is over", async () => {
      const call = await latest(who);
      return ["initiated", "ringing", "answered"].includes(call.status) ? null : call;
    });
  const hearsTone = (who) => until("the tone is heard", async () => isTone(await hears(who.page, 600)));

  /** Completes the open wrap-up. */
  async function wrapUp({ page }) {
    await page.getByText("Waiting for the outcome").waitFor();
    await page.keyboard.press("3");
    await page.keyboard.press("Enter");
    await page.getByText("Waiting for the outcome").waitFor({ state: "detached" });
  }

  async function hangUp(who) {
    await who.page.keyboard.press("h");
    const call = await over(who);
    await wrapUp(who);
    return call;
  }

  test("the agent presses Call, both hear each other; mute, hold and the recording do what they say", async () => {
    const me = await agent(1);
    const { page, api } = me;
    const customer = number(TONE);
    await dial(me, customer);
    await connected(me);
    await hearsTone(me);
    const call = await latest(me);
    assert.equal(call.customerPhone, `+88${customer}`);
    assert.equal(call.provider, "asterisk");
    await until("the customer hears the agent", async () => (await heardBy(customer, 1.5)) > 0.003);
    await shot(page, "asterisk-call");
    assert.deepEqual(await violations(page), []);

    await page.keyboard.press("m");
    await page.getByRole("button", { name: /^Mute/, pressed: true }).waitFor();
    await until("the customer hears nothing", async () => (await heardBy(customer, 1)) < 0.001);
    await page.keyboard.press("m");
    await page.getByRole("button", { name: /^Mute/, pressed: false }).waitFor();
    await until("the customer hears the agent again", async () => (await heardBy(customer, 1.5)) > 0.003);

    await page.keyboard.press("o");
    await page.getByRole("button", { name: /^Hold/, pressed: true }).waitFor();
    await until("the agent hears no tone", async () => !isTone(await hears(page, 500)));
    await page.keyboard.press("o");
    await page.getByRole("button", { name: /^Hold/, pressed: false }).waitFor();
    await hearsTone(me);

    await page.keyboard.press("r");
    await page.getByRole("button", { name: /^Record/, pressed: false }).waitFor();
    await page.keyboard.press("r");
    await page.getByRole("button", { name: /^Record/, pressed: true }).waitFor();

    const ended = await hangUp(me);
    assert.equal(ended.status, "completed");
    assert.equal(ended.endReason, "agent_hangup");
    assert.ok(ended.durationSeconds >= 2);

    const recording = await until(
      "the recording has come",
      async () => {
        const answer = await fetch(`${server.url}/api/telephony/calls/${ended.id}/recording`, {
          headers: { authorization: `Bearer ${api.token}` },
        });
        return answer.status === 200 ? Buffer.from(await answer.arrayBuffer()) : null;
      },
      // It is fetched on the minute; one the PBX has not finished by then, a minute later.
      150_000,
    );
    assert.equal(recording.subarray(0, 4).toString(), "RIFF");
    assert.ok(loudness(recording.subarray(44)) > 0.01, "it has sound");
    await me.context.close();
  });

  test("tones arrive at the customer", async () => {
    const me = await agent(1);
    const customer = number(8);
    await dial(me, customer);
    await connected(me);
    await me.page.keyboard.press("d");
    for (const digit of ["4", "7", "1", "1"]) {
      const sent = me.page.waitForResponse((answer) => answer.url().endsWith("/dtmf") && answer.ok());
      await me.page.getByRole("button", { name: `Press ${digit}` }).click();
      await sent;
    }
    assert.equal(await until("the digits", () => keyed(customer)), "4711");
    await hangUp(me);
    await me.context.close();
  });

  test("busy, declined, unknown, nobody there: the call says so and nothing stays open", async () => {
    const me = await agent(2);
    for (const [digit, status, reason] of [
      [1, "busy", "busy"],
      [3, "failed", "rejected"],
      [4, "failed", "unallocated_number"],
      [5, "failed", "congestion"],
      [2, "no_answer", "no_answer"],
    ]) {
      await dial(me, number(digit));
      await until("another call", async () => (await latest(me))?.customerPhone.endsWith(String(digit)));
      const call = await over(me);
      assert.deepEqual([call.status, call.endReason], [status, reason]);
      await wrapUp(me);
      const { items } = await me.api.get(TODAY);
      await choose(me.page, items.find((item) => item.status === "pending"));
    }
    await me.context.close();
  });

  test("a customer who rings pops up with the name at the free agent, who answers; hanging up ends it", async () => {
    const me = await agent(3);
    const { task, page } = me;
    await until("the agent is free", async () => (await me.api.get("/api/crm/desk")).agent.status === "online");
    await callIn(task.phone.replace("+88", ""), me.extension);
    const slip = page.getByRole("alert").filter({ hasText: "Incoming call" });
    await slip.getByText(task.customerName).waitFor();
    await shot(page, "asterisk-incoming");
    await slip.getByRole("button", { name: /^Answer/ }).click();
    await connected(me);
    await hearsTone(me);
    // The call belongs to the customer's open task: a reload brings both back.
    await page.reload();
    await connected(me);
    await hearsTone(me);
    await allHangUp();
    const call = await over(me);
    assert.deepEqual([call.direction, call.status, call.endReason], ["inbound", "completed", "customer_hangup"]);
    assert.equal(call.customerId, task.customerId);
    await wrapUp(me);

    // Put aside by the only agent who is free, and given up: somebody will call back. The page is in the
    // background this time, so the desktop says who rings.
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { get: () => true });
      globalThis.said = [];
      globalThis.Notification = class extends Notification {
        constructor(title, options) {
          super(title, options);
          globalThis.said.push([title, options.body]);
        }
      };
    });
    await callIn(task.phone.replace("+88", ""), me.extension);
    await slip.getByRole("button", { name: /^Put aside/ }).click();
    assert.deepEqual(await page.evaluate(() => globalThis.said), [["Incoming call", task.phone.replace("+88", "")]]);
    await slip.waitFor({ state: "detached" });
    await allHangUp();
    const missed = await until("the missed call", async () => {
      const lead = await apiOf("tl");
      const found = await lead.get(`/api/telephony/calls?customerId=${task.customerId}&limit=1`);
      return found.items[0].status === "missed" ? found.items[0] : null;
    });
    assert.notEqual(missed.id, call.id);
    await me.context.close();
  });

  test("a reload in mid-call keeps the customer and brings the agent back in", async () => {
    const me = await agent(1);
    const { page } = me;
    await dial(me, number(TONE));
    await connected(me);
    await hearsTone(me);
    const before = await latest(me);
    await page.reload();
    await page.getByText("Phone ready").or(page.getByText(/^Sounds/)).first().waitFor();
    await connected(me);
    await hearsTone(me);
    const after = await latest(me);
    assert.deepEqual([after.id, after.status], [before.id, "answered"]);
    assert.equal((await channels()).length, 2, "the old telephone is gone");
    await hangUp(me);
    await me.context.close();
  });

  test("the network is gone for a moment: the call goes on and the telephone comes back", async () => {
    const me = await agent(1);
    await dial(me, number(TONE));
    await connected(me);
    await hearsTone(me);
    network.cut();
    await me.page.getByText("Phone connecting").first().waitFor();
    network.mend();
    await me.page.getByText("Phone ready").or(me.page.getByText(/^Sounds/)).first().waitFor();
    await hearsTone(me);
    assert.equal((await latest(me)).status, "answered");
    await hangUp(me);
    await me.context.close();
  });

  test("the microphone that was chosen is the one that is opened, also after a reload", async () => {
    const me = await agent(1);
    const { page } = me;
    await page.addInitScript(() => {
      const media = navigator.mediaDevices;
      const real = media.getUserMedia.bind(media);
      media.getUserMedia = async (wanted) => {
        const stream = await real(wanted);
        globalThis.opened = stream.getAudioTracks()[0].label;
        return stream;
      };
    });
    await page.getByRole("button", { name: /Phone ready/ }).click();
    const choice = page.getByRole("dialog").getByLabel("Microphone", { exact: true });
    await choice.selectOption({ label: "Fake Audio Input 2" });
    await page.keyboard.press("Escape");
    await page.reload();
    await page.getByText("Phone ready").first().waitFor();
    await dial(me, number(TONE));
    await connected(me);
    assert.equal(await page.evaluate(() => globalThis.opened), "Fake Audio Input 2");
    await hangUp(me);
    await me.context.close();
  });

  test("a second tab follows, and takes the telephone over when the first is closed", async () => {
    const me = await agent(1);
    const second = await me.context.newPage();
    await second.goto("/desk");
    await second.getByText("Phone in another tab").waitFor();
    await dial(me, number(TONE));
    await connected(me);
    await second.getByText("Connected").first().waitFor();
    await hearsTone(me);
    await me.page.close();
    await hearsTone({ page: second });
    await hangUp({ ...me, page: second });
    await me.context.close();
  });

  test("the server is killed in mid-call: they go on talking, and it knows the call again", async () => {
    const me = await agent(1);
    await dial(me, number(TONE));
    await connected(me);
    const { dir, port } = server;
    await server.stop("SIGKILL");
    await me.page.getByText("No connection to the server.").waitFor();
    assert.ok(isTone(await hears(me.page)), "nobody notices on the telephone");
    server = await startServer({ dir, port, env: asterisk });
    await me.page.getByText("The connection is back.").waitFor();
    await connected(me);
    assert.ok(isTone(await hears(me.page)));
    const call = await hangUp(me);
    assert.equal(call.status, "completed");
    await me.context.close();
  });

  test("the customer hangs up while the server is away: the call does not stay open", async () => {
    const me = await agent(1);
    await dial(me, number(TONE));
    await connected(me);
    const { dir, port } = server;
    await server.stop("SIGKILL");
    await allHangUp();
    server = await startServer({ dir, port, env: asterisk });
    const call = await over(me);
    assert.equal(call.status, "completed");
    await wrapUp(me);
    await me.context.close();
  });

  test("a colleague is asked first, then gets the customer; another takes a customer blindly", async () => {
    const me = await agent(1);
    const colleague = await agent(4);
    const transfer = async (first) => {
      await me.page.keyboard.press("t");
      await me.page.getByLabel("Speak with the colleague first").setChecked(first);
      await me.page.getByLabel("Extension").fill(colleague.extension);
      await me.page.getByRole("dialog").getByRole("button", { name: "Transfer" }).click();
    };
    const slip = colleague.page.getByRole("alert").filter({ hasText: "A colleague passes a customer on" });

    await dial(me, number(TONE));
    await connected(me);
    await transfer(true);
    await me.page.getByText(/is being rung/).waitFor();
    await slip.getByRole("button", { name: /^Answer/ }).click();
    await me.page.getByText(/^You speak with/).waitFor();
    await shot(me.page, "asterisk-consult");
    assert.ok(!isTone(await hears(colleague.page)), "the customer waits outside");
    await me.page.getByRole("button", { name: "Pass the customer on" }).click();
    await me.page.getByText("Waiting for the outcome").waitFor();
    await hearsTone(colleague);
    assert.equal((await latest(me)).transferredTo, colleague.extension);
    await colleague.page.keyboard.press("h");
    await over(me);
    await wrapUp(me);

    await dial(me, number(TONE));
    await connected(me);
    await transfer(false);
    await me.page.getByText(/is being rung/).waitFor();
    await slip.getByRole("button", { name: /^Put aside/ }).click();
    await me.page.getByText(/is being rung/).waitFor({ state: "detached" });
    await hearsTone(me);
    await transfer(false);
    await slip.getByRole("button", { name: /^Answer/ }).click();
    await hearsTone(colleague);
    // The page is loaded anew: the customer has been passed on to it and stays there.
    await colleague.page.reload();
    await colleague.page.getByText("Connected").first().waitFor();
    await until("the old telephone is gone", async () => (await channels()).length === 2);
    await hearsTone(colleague);
    await allHangUp();
    const call = await over(me);
    assert.equal(call.status, "completed");
    await wrapUp(me);
    await me.context.close();
    await colleague.context.close();
  });

  test("a team leader hears the call, whispers to the agent, and it is on record", async () => {
    const me = await agent(1);
    const lead = await person(browser, server.url, { microphone: true });
    await logIn(lead.page, "tl");
    await lead.page.getByText("Phone ready").first().waitFor();
    const api = await apiOf("tl");
    const customer = number(TONE);
    await dial(me, customer);
    await connected(me);
    await hearsTone(me);
    // What the customer hears from now on is not the agent.
    await me.page.keyboard.press("m");
    await until("the customer hears nothing", async () => (await heardBy(customer, 1)) < 0.001);
    const call = await latest(me);
    const monitor = (mode) => api.post(`/api/telephony/calls/${call.id}/monitor`, { mode });
    await assert.rejects(me.api.post(`/api/telephony/calls/${call.id}/monitor`, { mode: "listen" }), /403/);
    await monitor("listen");
    await hearsTone(lead);
    const quiet = (await hears(me.page, 2500)).beep;
    await monitor("whisper");
    await until("the agent hears the whisper", async () => (await hears(me.page, 1500)).beep > quiet + 15);
    assert.ok((await heardBy(customer, 2)) < 0.001, "the customer does not hear the whisper");
    await monitor("barge");
    await until("the customer hears the team leader", async () => (await heardBy(customer, 1.5)) > 0.003);
    await hearsTone(lead);
    await monitor(null);
    await until("the team leader has left", async () => (await channels()).length === 2);
    await hangUp(me);
    await me.context.close();
    await lead.context.close();
  });

  test("the PBX is restarted in mid-call: the call is closed, the telephone comes back, the next call works", async () => {
    const me = await agent(1);
    await dial(me, number(TONE));
    await connected(me);
    await unplug();
    await allHangUp();
    await plugIn();
    const call = await over(me);
    assert.equal(call.endReason, "lost");
    await wrapUp(me);
    await me.page.getByText("Phone ready").first().waitFor();
    const { items } = await me.api.get(TODAY);
    await choose(me.page, items.find((item) => item.status === "pending"));
    await dial(me, number(TONE));
    await connected(me);
    await hearsTone(me);
    await hangUp(me);
    await me.context.close();
  });
});
