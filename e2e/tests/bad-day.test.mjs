// What a bad day brings: a killed server, a lost line, a second tab, a customer who rings at the wrong moment.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, shot, violations } from "../support/browser.mjs";
import { agentWhose, agentWith, atDesk, call, choose, note, plan, queueOf, talks } from "../support/desk.mjs";
import { cable, startServer } from "../support/server.mjs";

const TODAY = "/api/crm/automation/tasks/today";

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await launch();
  await plan(server);
});

after(async () => {
  await browser?.close();
  await server?.discard();
});

/** A power cut, and the machine comes back at the same address with the same disk. */
async function powerCut(whileAway = async () => {}) {
  const { dir, port } = server;
  await server.stop("SIGKILL");
  await whileAway();
  server = await startServer({ dir, port });
}

const lost = (page) => page.getByText("No connection to the server.");
const back = (page) => page.getByText("The connection is back.");

describe("a killed server", () => {
  test("a call in progress becomes a wrap-up with what was typed, before and while the server was away", async () => {
    const { login, api, tasks } = await agentWith(server, talks);
    const [task] = tasks;
    const { page, errors, context } = await atDesk(browser, server, login, task);
    await call(page);
    await note(page, "Two packs of lentils");
    await powerCut(async () => {
      await lost(page).waitFor();
      await note(page, "Two packs of lentils, and honey", { saved: false });
      await page.getByText("Kept here, sent when the line is back").waitFor();
      assert.deepEqual(await violations(page), []);
      await shot(page, "line-lost");
    });
    await back(page).waitFor();
    await page.getByText("Waiting for the outcome").waitFor();
    assert.equal(await page.getByLabel(/^Notes/).inputValue(), "Two packs of lentils, and honey");

    // A second tab knows it all: it is on the server.
    await page.getByText("✓").first().waitFor();
    const second = await context.newPage();
    await second.goto("/desk");
    await second.getByText("Waiting for the outcome").waitFor();
    assert.equal(await second.getByLabel(/^Notes/).inputValue(), "Two packs of lentils, and honey");
    await second.close();

    await page.keyboard.press("3");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: task.customerName }).waitFor({ state: "detached" });
    const done = await api.get(`/api/crm/automation/tasks/${task.id}`);
    assert.equal(done.status, "completed");
    assert.equal(done.outcome, "not_interested");
    assert.match(done.notes, /and honey/);
    assert.equal(done.callIds.length, 1);
    assert.deepEqual(errors, []);
    await context.close();
  });

  test("a wrap-up comes back with its chosen outcome", async () => {
    const { login, tasks } = await agentWith(server, talks);
    const { page, context } = await atDesk(browser, server, login, tasks[0]);
    await call(page);
    await page.keyboard.press("h");
    await page.getByText("Waiting for the outcome").waitFor();
    await page.keyboard.press("4");
    await note(page, "Compares with the market");
    await powerCut();
    await page.reload();
    await page.getByText("Waiting for the outcome").waitFor();
    assert.equal(await page.getByLabel(/^Notes/).inputValue(), "Compares with the market");
    await page.getByRole("radio", { name: /^Price issue/, checked: true }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("Waiting for the outcome").waitFor({ state: "detached" });
    await context.close();
  });
});

describe("a lost line", () => {
  test("what happened meanwhile is there when it is back: a reminder ordered away, another call given", async () => {
    const reminder = (task) => task.kind === "reminder" && task.talkingPoints.length === 1;
    const { login, api, tasks } = await agentWith(server, reminder);
    const [task] = tasks;
    const lead = await plan(server);
    const line = await cable(server);
    const { page, context, errors } = await atDesk(browser, line, login, task);
    const others = await agentWith(server, (other) => other.assignedTo !== task.assignedTo);
    const names = new Set((await api.get(TODAY)).items.map((item) => item.customerName));
    const moved = others.tasks.find((other) => !names.has(other.customerName));

    line.cut();
    await lost(page).waitFor();
    await lead.post("/api/cdm/orders", {
      source: "website",
      externalId: "while-the-line-was-lost",
      customer: { id: task.customerId },
      lines: [{ productId: task.talkingPoints[0].reason.params.productId, quantity: 1 }],
    });
    await lead.put(`/api/crm/automation/tasks/${moved.id}/assign`, { agentId: task.assignedTo });
    line.mend();

    await back(page).waitFor();
    await page.getByText("This call is no longer needed").waitFor();
    await page.getByText(/was ordered again/).first().waitFor();
    await shot(page, "cancelled-while-away");
    assert.equal(await queueOf(page).getByRole("button", { name: moved.customerName }).count(), 1);
    assert.equal((await api.get(`/api/crm/automation/tasks/${task.id}`)).status, "cancelled");
    assert.deepEqual(errors, []);
    await context.close();
    line.close();
  });
});

describe("two tabs", () => {
  test("one call, whoever presses how often, and one outcome", async () => {
    const { login, api, tasks } = await agentWith(server, talks);
    const [task] = tasks;
    const { page, context } = await atDesk(browser, server, login, task);
    const second = await context.newPage();
    await second.goto("/desk");
    await choose(second, task);
    const button = (tab) => tab.getByRole("button", { name: /^Call\b/ }).first();
    await Promise.all([button(page).dblclick(), button(second).click()]);
    await page.getByText("Connected").first().waitFor();
    await second.getByText("Connected").first().waitFor();
    const calls = await api.get(`/api/telephony/calls?customerId=${task.customerId}`);
    assert.equal(calls.items.filter((c) => c.taskId === task.id).length, 1);

    await page.keyboard.press("h");
    await second.getByText("Waiting for the outcome").waitFor();
    await second.keyboard.press("5");
    await second.keyboard.press("Enter");
    await page.getByRole("heading", { name: task.customerName }).waitFor({ state: "detached" });
    assert.equal((await api.get(`/api/crm/automation/tasks/${task.id}`)).outcome, "no_response");
    await context.close();
  });
});

describe("power-dial", () => {
  test("the next customer is called after a countdown that Space holds", async () => {
    // The third of the queue is the one that is called: a customer who answers.
    const { login, api, tasks } = await agentWhose(server, (queue) => queue[2] && talks(queue[2]));
    const [task] = tasks;
    const { page, context } = await atDesk(browser, server, login, task);
    await page.getByLabel(/^Power-dial/).check();
    const complete = async () => {
      await page.keyboard.press("3");
      await page.getByRole("radio", { name: /^Not interested/, checked: true }).waitFor();
      await page.keyboard.press("Enter");
    };
    await complete();
    await page.getByText(/Calling in \d s/).waitFor();
    await shot(page, "power-dial");
    await page.getByRole("button", { name: /^Wait/ }).waitFor();
    await page.keyboard.press("Space");
    await page.getByText(/Calling in \d s/).waitFor({ state: "detached" });
    assert.equal((await api.get("/api/crm/desk")).active ?? null, null);

    await complete();
    await page.getByText(/Calling in \d s/).waitFor();
    // Nobody presses anything.
    await page.getByRole("button", { name: /^Hang up/ }).and(page.locator(":enabled")).waitFor();
    const { active } = await api.get("/api/crm/desk");
    assert.ok(active.call);
    assert.equal(active.task.status, "in_progress");
    await page.keyboard.press("h");
    await page.getByText("Waiting for the outcome").waitFor();
    await page.getByLabel(/^Power-dial/).uncheck();
    await complete();
    await page.getByText("Waiting for the outcome").waitFor({ state: "detached" });
    await context.close();
  });
});

describe("a recording", () => {
  test("plays, is sought and sped up, and the listening is on record", async () => {
    const { login, api, tasks } = await agentWith(server, talks);
    const { page, context } = await atDesk(browser, server, login, tasks[0]);
    await call(page);
    await page.keyboard.press("h");
    await page.getByText("Waiting for the outcome").waitFor();
    await page.keyboard.press("3");
    await page.keyboard.press("Enter");
    await page.getByText("Waiting for the outcome").waitFor({ state: "detached" });
    const made = await api.get("/api/telephony/calls?limit=1");
    assert.ok(made.items[0].recordingUrl);
    await page.goto("/calls");
    await page.getByRole("button", { name: /^Play recording/ }).first().click();
    const player = page.getByRole("group", { name: "Recording of the call" });
    await player.getByRole("button", { name: "Pause" }).or(player.getByRole("button", { name: "Play" })).waitFor();
    await player.getByLabel("Speed").selectOption("1.5");
    const audio = player.locator("audio");
    assert.equal(await audio.evaluate((a) => a.playbackRate), 1.5);
    await player.getByLabel("Place in the recording").fill("0.5");
    await audio.evaluate((a) => a.readyState >= 1 || new Promise((done) => a.addEventListener("loadedmetadata", done)));
    assert.ok((await audio.evaluate((a) => a.duration)) >= 1);
    assert.deepEqual(await violations(page), []);
    await shot(page, "recording");
    await context.close();
  });
});

describe("a customer rings", () => {
  const ring = (path, body) =>
    fetch(`${server.url}/api/webhook/bracknet/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }).then((answer) => assert.equal(answer.status, 200));

  test("in the middle of a wrap-up: the name slides in, and nothing written is lost", async () => {
    const { login, api, tasks } = await agentWith(server, talks, 2);
    const [task, other] = tasks;
    const { page, context } = await atDesk(browser, server, login, task);
    await call(page);
    await page.keyboard.press("h");
    await page.getByText("Waiting for the outcome").waitFor();
    await note(page, "Wants to think about it");
    const { extension } = await api.get("/api/auth/me");
    const call_id = "PBX-1";
    await ring("incoming-call", {
      event: "incoming_call",
      bracknet_call_id: call_id,
      from: other.phone,
      to_extension: extension,
    });
    const slip = page.getByRole("alert").filter({ hasText: "Incoming call" });
    await slip.getByText(other.customerName).waitFor();
    assert.deepEqual(await violations(page), []);
    await shot(page, "incoming");
    assert.equal(await page.getByLabel(/^Notes/).inputValue(), "Wants to think about it");

    await ring("call-missed", {
      event: "call_missed",
      bracknet_call_id: call_id,
      from: other.phone,
      to_extension: extension,
    });
    await slip.waitFor({ state: "detached" });
    // The demo shop has missed calls of its own, so only this customer's count.
    const today = await api.get(TODAY);
    const missed = today.items.filter((t) => t.kind === "missed_call" && t.customerId === other.customerId);
    assert.deepEqual(missed.map((t) => t.status), ["pending"]);
    await page.getByText("Waiting for the outcome").waitFor();
    assert.equal(await page.getByLabel(/^Notes/).inputValue(), "Wants to think about it");
    await context.close();
  });
});

describe("the telephone system is away", () => {
  const words = {
    en: {
      refused: /does not answer/,
      open: "Called on another phone",
      minutes: "Minutes talked",
      save: "Write down",
    },
    bn: {
      refused: /হাতে লিখে/,
      open: "অন্য ফোনে কল করেছি",
      minutes: "কত মিনিট কথা হয়েছে",
      save: "লিখে রাখুন",
    },
  };

  test("a call made on another phone is written down and gets its outcome", async () => {
    const nobody = await startServer({
      env: {
        TELEPHONY_PROVIDER: "bracknet",
        BRACKNET_API_BASE_URL: "http://127.0.0.1:9",
        BRACKNET_API_KEY: "a-key-of-the-test",
      },
    });
    await plan(nobody);
    const { login, api, tasks } = await agentWith(nobody, () => true, 2);
    for (const [task, language, colorScheme] of [
      [tasks[0], "en", "light"],
      [tasks[1], "bn", "dark"],
    ]) {
      const { page, errors, context } = await atDesk(browser, nobody, login, null, { language, colorScheme });
      await page.getByRole("button", { name: task.customerName }).first().click();
      await page.getByRole("heading", { name: task.customerName }).waitFor();
      const said = words[language];
      await page.keyboard.press("c");
      await page.getByText(said.refused).first().waitFor();
      await page.getByRole("button", { name: said.open }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel(said.minutes).fill("3");
      assert.deepEqual(await violations(page), []);
      await shot(page, `by-hand-${language}`);
      await dialog.getByRole("button", { name: said.save }).click();
      await dialog.waitFor({ state: "detached" });
      await page.keyboard.press("3");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: task.customerName }).waitFor({ state: "detached" });
      const done = await api.get(`/api/crm/automation/tasks/${task.id}`);
      assert.deepEqual([done.status, done.outcome], ["completed", "not_interested"]);
      const { items } = await api.get(`/api/telephony/calls?customerId=${task.customerId}`);
      const call = items.find((item) => item.provider === "by_hand");
      assert.deepEqual([call.status, call.durationSeconds, call.taskId], ["completed", 180, task.id]);
      assert.deepEqual(errors, []);
      await context.close();
    }
    await nobody.discard();
  });
});
