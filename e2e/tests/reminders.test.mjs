// Learning from the shop's own orders, and what the shop sees of it: how good the reminders are, why a date is what
// it is, what a profile's change would do, what a customer says is left.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, shot } from "../support/browser.mjs";
import { agentWith, atDesk, plan } from "../support/desk.mjs";
import { apiAs, startServer } from "../support/server.mjs";

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

test("the demo shop has learnt; the manager lets it learn again and sees how good the reminders are", async () => {
  const { page, close } = await open(browser, server.url, "manager", "/products");
  await page.getByRole("radio", { name: "Reminders" }).click();
  await page.getByText("Dates follow what was learnt").waitFor();
  await page.getByRole("button", { name: "Learn now" }).click();
  await page.getByText("Learnt from all orders up to yesterday.").waitFor();
  const onTime = page.getByRole("row", { name: /On time: bought within a week/ });
  const [learned, table] = await onTime.getByRole("cell").allInnerTexts().then((texts) => texts.slice(-2));
  assert.ok(parseInt(learned, 10) > parseInt(table, 10), `${learned} and ${table}`);
  await page.getByRole("row", { name: /Rice/ }).waitFor();
  await shot(page, "reminders-quality-en-light");
  await close();

  const lead = await open(browser, server.url, "tl", "/products", { language: "bn", colorScheme: "dark" });
  await lead.page.getByRole("radio", { name: "রিমাইন্ডার" }).click();
  await lead.page.getByText("তারিখ চলছে শেখা অভ্যাস ধরে").waitFor();
  assert.equal(await lead.page.getByRole("button", { name: "এখনই শিখুন" }).count(), 0);
  await shot(lead.page, "reminders-quality-bn-dark");
  await lead.close();
});

test("a customer's date shows its arithmetic, and what is left at home moves it", async () => {
  const api = await apiAs(server.url, "manager");
  const { items } = await api.get("/api/cdm/customers?purchaseStage=regular&limit=20");
  let found;
  for (const { id } of items) {
    const view = await api.get(`/api/cdm/customer360/${id}`);
    const cycle = view.cycles.find((one) => one.basis === "learned" && one.purchases > 2);
    if (cycle) found = { id, cycle };
    if (found) break;
  }
  assert.ok(found, "a regular customer with a rhythm of their own");
  const { page, close } = await open(browser, server.url, "manager", `/customers/${found.id}`);
  const row = page.locator("details", { hasText: found.cycle.nameEn }).first();
  await row.getByText(`${found.cycle.chancePercent}% likely this week`).waitFor();
  await row.locator("summary").click();
  await row.getByText("Own habit (counts").waitFor();
  await row.getByText("Usual in this category").waitFor();
  await shot(page, "cycle-learned-en-light");
  await row.getByRole("button", { name: "Days left…" }).click();
  await row.getByRole("textbox").fill("forty");
  assert.ok(await row.getByRole("button", { name: "Save" }).isDisabled());
  await row.getByRole("textbox").fill("৪০");
  await row.getByRole("button", { name: "Save" }).click();
  await page.getByText("the reminder has moved").waitFor();
  await row.getByText("Lasts, as the customer said").waitFor();
  const view = await api.get(`/api/cdm/customer360/${found.id}`);
  const moved = view.cycles.find((one) => one.categoryId === found.cycle.categoryId);
  assert.equal(moved.basis, "stock");
  await close();
});

test("an agent writes down what is left at home, and no key of the desk hears it", async () => {
  await plan(server);
  const { login, api, tasks } = await agentWith(server, (task) => task.kind === "reminder");
  const [task] = tasks;
  const slug = task.reason.split(":")[1];
  const { page, errors, context } = await atDesk(browser, server, login, task, { language: "en" });
  await page.getByRole("button", { name: "Days left…" }).first().click();
  const field = page.getByRole("textbox", { name: /left at home$/ });
  await field.press("Escape");
  await field.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Days left…" }).first().click();
  // 3 would choose an outcome, Enter would complete the call.
  await field.pressSequentially("30");
  await field.press("Enter");
  await page.getByText("the reminder has moved").waitFor();
  assert.equal(await page.getByRole("radio", { checked: true }).count(), 0);
  const today = await api.get("/api/crm/automation/tasks/today");
  assert.equal(today.items.find((one) => one.id === task.id).status, "pending");
  const view = await api.get(`/api/cdm/customer360/${task.customerId}`);
  assert.equal(view.cycles.find((cycle) => cycle.categorySlug === slug).basis, "stock");
  assert.deepEqual(errors, []);
  await context.close();
});

test("the effect of a profile's change is shown before it is saved", async () => {
  const { page, close } = await open(browser, server.url, "manager", "/products");
  await page.getByRole("radio", { name: "How long it lasts" }).click();
  await page.getByRole("button", { name: "Edit Rice" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("At most (days)").fill("14");
  await dialog.getByText(/reminders move\./).waitFor();
  const weeks = await dialog.getByRole("row").count();
  assert.equal(weeks, 9, "a head and eight weeks");
  await shot(page, "profile-preview-en-light");
  await dialog.getByLabel("At most (days)").fill("0");
  await dialog.getByText(/reminders move\./).waitFor({ state: "detached" });
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await close();
});

test("managers change the rules of the plan, team leaders read them", async () => {
  const { page, close } = await open(browser, server.url, "manager", "/plan");
  await page.getByRole("button", { name: "Rules" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Held out to measure (%)").fill("৮");
  await dialog.getByLabel("Reminder quota").fill("250");
  await dialog.getByLabel("Friday prayer", { exact: true }).fill("13:00");
  await dialog.getByLabel("Friday prayer, until").fill("14:30");
  await dialog.getByLabel("Ramadan, first and last day", { exact: true }).fill("2027-02-08");
  await dialog.getByText("Give both, or neither.").first().waitFor();
  assert.ok(await dialog.getByRole("button", { name: "Save" }).isDisabled());
  await dialog.getByLabel("Ramadan, first and last day, until").fill("2027-03-09");
  await dialog.getByLabel("Calling hours in Ramadan", { exact: true }).fill("10:00");
  await dialog.getByLabel("Calling hours in Ramadan, until").fill("22:00");
  await dialog.getByText("A whole number from 0 to 200.").waitFor();
  assert.ok(await dialog.getByRole("button", { name: "Save" }).isDisabled());
  await shot(page, "plan-rules-en-light");
  await dialog.getByLabel("Reminder quota").fill("110");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  const api = await apiAs(server.url, "manager");
  const rules = await api.get("/api/crm/team/ops/plan/settings");
  assert.deepEqual([rules.holdOutPercent, rules.quotas.reminder], [8, 110]);
  assert.deepEqual(rules.callingHours.fridayPause, { from: "13:00", until: "14:30" });
  assert.equal(rules.callingHours.ramadan.lastDay, "2027-03-09");
  await page.getByRole("button", { name: "Generate today’s auto calls" }).click();
  assert.equal(await page.getByRole("dialog").getByLabel("Reminder quota").inputValue(), "110");
  await page.keyboard.press("Escape");
  await close();

  const lead = await open(browser, server.url, "tl", "/plan", { language: "bn", colorScheme: "dark" });
  await lead.page.getByRole("button", { name: "নিয়ম" }).click();
  const shown = lead.page.getByRole("dialog");
  assert.ok(await shown.getByLabel("রিমাইন্ডার কোটা").isDisabled());
  assert.equal(await shown.getByRole("button", { name: "সংরক্ষণ" }).count(), 0);
  await shot(lead.page, "plan-rules-bn-dark");
  await lead.close();
});

test("outside the calling hours the agent is asked whether the customer wants the call", async () => {
  await plan(server);
  const manager = await apiAs(server.url, "manager");
  const settings = "/api/crm/team/ops/plan/settings";
  const rules = await manager.get(settings);
  // An hour of the day that is not now.
  const here = Number(new Intl.DateTimeFormat("en", { timeZone: "Asia/Dhaka", hour: "numeric", hourCycle: "h23" }).format());
  const hour = (from) => `${String((here + from) % 24).padStart(2, "0")}:00`;
  const hours = here >= 20 ? { from: "09:00", until: "11:00" } : { from: hour(2), until: hour(3) };
  await manager.put(settings, { ...rules, callingHours: { hours, fridayPause: null, ramadan: null } });
  const { login, api, tasks } = await agentWith(server, (task) => task.kind === "reminder", 1);
  for (const [language, colorScheme, title, cancel] of [
    ["en", "light", "Not the hour to ring customers", "Cancel"],
    ["bn", "dark", "এখন গ্রাহকদের কল করার সময় নয়", "বাতিল"],
  ]) {
    const { page, errors, context } = await atDesk(browser, server, login, null, { language, colorScheme });
    await page.getByRole("button", { name: tasks[0].customerName }).first().click();
    await page.getByRole("heading", { name: tasks[0].customerName }).waitFor();
    await page.keyboard.press("c");
    const dialog = page.getByRole("dialog", { name: title });
    await dialog.waitFor();
    await shot(page, `desk-outside-hours-${language}-${colorScheme}`);
    await dialog.getByRole("button", { name: cancel, exact: true }).click();
    await dialog.waitFor({ state: "detached" });
    assert.equal((await api.get("/api/telephony/calls?limit=1")).items.length, 0, "nobody was rung");
    assert.deepEqual(errors, []);
    await context.close();
  }
  const { page, context } = await atDesk(browser, server, login, tasks[0], { language: "en" });
  await page.keyboard.press("c");
  await page.getByRole("dialog").getByRole("button", { name: "The customer wants it: call" }).click();
  await page.getByRole("button", { name: /^Hang up/ }).waitFor();
  await context.close();
  await manager.put(settings, rules);
});
