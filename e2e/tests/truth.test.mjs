// What the screen says is so: figures at any moment, hours in the company's zone, the customer on the line.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, logIn, person, shot, violations } from "../support/browser.mjs";
import { agentWith, atDesk, call, note, plan, talks } from "../support/desk.mjs";
import { apiAs, startServer } from "../support/server.mjs";

const TASKS = "/api/crm/automation/tasks";
const no = { status: "completed", outcome: "not_interested" };

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

describe("the floor", () => {
  test("shows no figure that is not true, from its first moment on", async () => {
    const { api, tasks } = await agentWith(server, () => true, 5);
    const [last, ...first] = tasks.slice(0, 5);
    for (const task of first) {
      await api.put(`${TASKS}/${task.id}/status`, { status: "in_progress" });
      await api.put(`${TASKS}/${task.id}/status`, no);
    }
    const done = async () => {
      const lead = await apiAs(server.url, "tl");
      const { agents } = await lead.get("/api/crm/team/dashboard");
      const { today, name } = agents.find((agent) => agent.agentId === api.user.id);
      return { name, text: `${today.completed + today.failed}/${today.total}` };
    };
    const then = await done();
    const { page, context } = await person(browser, server.url);
    // Every figure that was ever on the screen.
    await context.addInitScript((name) => {
      window.seen = new Set();
      new MutationObserver(() => {
        for (const row of document.querySelectorAll("tr")) {
          if (!row.textContent.includes(name)) continue;
          const progress = row.querySelector("progress")?.parentElement?.textContent.trim();
          if (progress) window.seen.add(progress);
        }
      }).observe(document, { subtree: true, childList: true, characterData: true });
    }, then.name);
    await logIn(page, "tl");
    const row = page.getByRole("row").filter({ hasText: then.name });
    await row.getByText(then.text).waitFor();
    // The page has followed what happened since, so what was to come has come.
    await api.put(`${TASKS}/${last.id}/status`, no);
    const now = await done();
    await row.getByText(now.text).waitFor();
    assert.deepEqual(await page.evaluate(() => [...window.seen]), [then.text, now.text]);
    assert.deepEqual(await violations(page), []);
    await context.close();
  });
});

describe("a customer who calls", () => {
  const told = (path, body) =>
    fetch(`${server.url}/api/webhook/bracknet/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }).then((answer) => assert.equal(answer.status, 200));

  test("is on the screen when answered, and the wrap-up before waits with its notes", async () => {
    const { login, api, tasks } = await agentWith(server, talks, 2);
    const [task, other] = tasks;
    const { page, context, errors } = await atDesk(browser, server, login, task);
    await call(page);
    await page.keyboard.press("h");
    await page.getByText("Waiting for the outcome").waitFor();
    await note(page, "Wants to think about it");
    const { extension } = await api.get("/api/auth/me");
    const bracknet_call_id = "PBX-TRUTH-1";
    await told("incoming-call", { bracknet_call_id, from: other.phone, to_extension: extension });
    await page.getByRole("alert").filter({ hasText: "Incoming call" }).waitFor();
    await told("call-answered", { bracknet_call_id, agent_extension: extension });
    const heading = page.getByRole("heading", { name: other.customerName });
    await heading.waitFor();
    const phone = page.getByRole("region", { name: "Phone" });
    await phone.getByRole("button", { name: task.customerName }).waitFor();
    await note(page, "Asked for ghee");
    assert.deepEqual(await violations(page), []);
    await shot(page, "caller-on-screen");

    // The same after a reload and in a second tab.
    const second = await context.newPage();
    await page.reload();
    await second.goto("/desk");
    for (const tab of [page, second]) {
      await tab.getByRole("heading", { name: other.customerName }).waitFor();
      assert.equal(await tab.getByLabel(/^Notes/).inputValue(), "Asked for ghee");
    }
    await second.close();

    await told("call-ended", { bracknet_call_id, duration: 20, end_reason: "completed" });
    await page.getByText("Waiting for the outcome").waitFor();
    await page.keyboard.press("3");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: task.customerName }).waitFor();
    assert.equal(await page.getByLabel(/^Notes/).inputValue(), "Wants to think about it");
    const done = await api.get(`${TASKS}/${other.id}`);
    assert.deepEqual([done.status, done.notes], ["completed", "Asked for ghee"]);
    assert.match(done.callSummary, /completed/);
    await page.keyboard.press("3");
    await page.keyboard.press("Enter");
    await page.getByText("Waiting for the outcome").waitFor({ state: "detached" });
    assert.deepEqual(errors, []);
    await context.close();
  });
});

describe("a company in London", () => {
  test("a promise at ten is one at ten there, also in summer, wherever the browser is", async () => {
    const london = await startServer({ env: { TRUSTCART_TIME_ZONE: "Europe/London" } });
    await plan(london);
    const { login, api, tasks } = await agentWith(london, () => true);
    const [task] = tasks;
    const { page, context, errors } = await atDesk(browser, london, login, task);
    const now = new Date();
    const year = now.getUTCMonth() < 6 ? now.getUTCFullYear() : now.getUTCFullYear() + 1;
    await page.keyboard.press("2");
    await page.keyboard.press("u");
    await page.getByLabel("Pick a time").fill(`${year}-07-01T10:00`);
    await page.getByText(/1 Jul \d+ 10:00/).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: task.customerName }).waitFor({ state: "detached" });
    const { items } = await api.get(`${TASKS}/my-followups`);
    const promise = items.find((item) => item.customerId === task.customerId);
    assert.equal(promise.dueAt, `${year}-07-01T09:00:00Z`);
    await page.goto("/followups");
    await page.getByText(/1 Jul \d+ 10:00/).waitFor();
    assert.deepEqual(errors, []);
    await context.close();
    await london.discard();
  });
});
