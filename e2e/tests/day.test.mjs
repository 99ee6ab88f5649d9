// The day, end to end: the leader plans it, an agent works a call, the leader sees it live.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, logIn, person, shot, violations } from "../support/browser.mjs";
import { agentWith, talks } from "../support/desk.mjs";
import { startServer } from "../support/server.mjs";

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.discard();
});

test("from the plan to a completed call with an order", async (t) => {
  const lead = await person(browser, server.url);
  await logIn(lead.page, "tl");

  await t.test("the leader previews and generates the day", async () => {
    await lead.page.getByRole("button", { name: "Generate today’s auto calls" }).first().click();
    const dialog = lead.page.getByRole("dialog");
    await dialog.getByText(/calls for \d+ agents/).waitFor();
    assert.deepEqual(await violations(lead.page), []);
    await shot(lead.page, "plan-preview");
    await dialog.getByRole("button", { name: /^Make [\d,]+ calls/ }).click();
    await lead.page.getByText(/calls planned/).first().waitFor();
    await lead.page.keyboard.press("Escape");
    await shot(lead.page, "floor");
  });

  const { login, api, tasks } = await agentWith(server, (task) => task.kind === "reminder" && talks(task));
  const [task] = tasks;
  const agent = await person(browser, server.url);
  const { page } = agent;
  const outcome = (name) => page.getByRole("radio", { name: new RegExp(`^${name}`) });

  await t.test("the agent finds the task on the desk and calls with one key", async () => {
    await logIn(page, login);
    const queue = page.getByRole("region", { name: "Today’s calls" });
    await queue.getByRole("button", { name: task.customerName }).first().click();
    await page.getByText("Why this call").waitFor();
    assert.deepEqual(await violations(page), []);
    await shot(page, "desk");
    await page.keyboard.press("c");
    await page.getByRole("button", { name: /^Hang up/ }).and(page.locator(":enabled")).waitFor();
  });

  await t.test("the customer answers, they talk, the agent hangs up", async () => {
    await page.getByText("Connected").first().waitFor();
    await page.keyboard.press("h");
    await page.getByText("Waiting for the outcome").waitFor();
    await shot(page, "wrap-up");
  });

  await t.test("nothing completes without an outcome", async () => {
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("Choose an outcome first (1-5).").waitFor();
    await assert.rejects(
      api.put(`/api/crm/automation/tasks/${task.id}/status`, { status: "completed" }),
      /422 .*outcome_required/,
    );
  });

  await t.test("a reload brings back the wrap-up and what was typed", async () => {
    await page.keyboard.press("n");
    await page.keyboard.type("Wants the red rice");
    await page.keyboard.press("Escape");
    await page.getByText("✓").first().waitFor();
    await page.reload();
    await page.getByText("Waiting for the outcome").waitFor();
    assert.equal(await page.getByLabel(/^Notes/).inputValue(), "Wants the red rice");
  });

  await t.test("an order completes the call, and the next customer is there", async () => {
    await page.keyboard.press("1");
    await outcome("Ordered").and(page.locator("[aria-checked=true]")).waitFor();
    await page.getByRole("button", { name: /Last order/ }).click();
    assert.deepEqual(await violations(page), []);
    await shot(page, "basket");
    await page.getByRole("button", { name: /Complete, next/ }).click();
    await page.getByRole("button", { name: task.customerName, exact: false }).waitFor({ state: "detached" });
    const done = await api.get(`/api/crm/automation/tasks/${task.id}`);
    assert.equal(done.status, "completed");
    assert.equal(done.outcome, "ordered");
    assert.match(done.notes, /Wants the red rice/);
    assert.ok(done.orderId);
  });

  await t.test("the reminder of what was ordered is gone", async () => {
    const all = await api.get(`/api/cdm/customer360/${task.customerId}`);
    const today = all.recentOrders[0].orderDate;
    const slug = task.reason.split(":")[1];
    const cycle = all.cycles.find((c) => c.categorySlug === slug);
    if (cycle) assert.ok(cycle.lastDate !== today || cycle.dueOn > today);
  });

  await t.test("the leader has seen it live, without reloading", async () => {
    const row = lead.page.getByRole("row").filter({ hasText: (await api.get("/api/auth/me")).name });
    await row.filter({ hasText: /1/ }).waitFor();
    assert.deepEqual(await violations(lead.page), []);
    await shot(lead.page, "floor-live");
  });

  assert.deepEqual(agent.errors, []);
  assert.deepEqual(lead.errors, []);
});
