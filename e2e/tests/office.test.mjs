// What the office does in the browser: finding and assigning customers, an import, teams, an order's status.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { launch, open, shot, violations } from "../support/browser.mjs";
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

test("a customer is found by any spelling of the phone, and the filter stays in the address", async () => {
  const api = await apiAs(server.url, "tl");
  const { items } = await api.get("/api/cdm/customers?limit=1");
  const [wanted] = items;
  const local = wanted.phone.replace("+88", "");
  const bangla = local.replace(/\d/g, (d) => "০১২৩৪৫৬৭৮৯"[Number(d)]);
  const { page, close } = await open(browser, server.url, "tl", "/customers");
  await page.getByRole("searchbox").fill(bangla);
  await page.getByText("1 in total.").waitFor();
  await page.getByRole("link", { name: wanted.name }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("q"), bangla);
  await page.getByRole("searchbox").fill("");
  await page.getByLabel("Purchase stage").selectOption("permanent");
  await page.waitForURL((url) => url.search === "?purchaseStage=permanent");
  await page.reload();
  assert.equal(await page.getByLabel("Purchase stage").inputValue(), "permanent");
  await page.getByRole("button", { name: "Clear filters (1)" }).click();
  await page.waitForURL((url) => url.search === "");
  await close();
});

test("a filter is kept under a name, used again, deleted and brought back", async () => {
  const { page, close } = await open(browser, server.url, "tl", "/customers?valueStage=vip");
  const segments = page.getByRole("button", { name: "Segments", exact: true });
  await segments.click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("No segment is saved yet.").waitFor();
  await dialog.getByLabel("Save the filters of the list as").fill("দামি গ্রাহক");
  await dialog.getByRole("button", { name: "Save segment" }).click();
  await dialog.getByRole("button", { name: "দামি গ্রাহক", exact: true }).waitFor();
  assert.deepEqual(await violations(page), []);
  await shot(page, "segments");
  await dialog.getByRole("button", { name: "Delete দামি গ্রাহক" }).click();
  await dialog.getByRole("button", { name: "Bring it back" }).click();
  await dialog.getByRole("button", { name: "দামি গ্রাহক", exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Clear filters (1)" }).click();
  await page.waitForURL((url) => url.search === "");
  await segments.click();
  await dialog.getByText("narrow the list by its filters first").waitFor();
  await dialog.getByRole("button", { name: "দামি গ্রাহক", exact: true }).click();
  await page.waitForURL((url) => url.search === "?valueStage=vip");
  await close();
});

test("chosen customers go to an agent, with the reason in the history", async () => {
  const { page, close } = await open(browser, server.url, "tl", "/customers?valueStage=vip");
  const row = page.getByRole("row").nth(1);
  const name = await row.getByRole("link").innerText();
  await row.getByRole("checkbox").check();
  await page.getByRole("button", { name: "Assign", exact: true }).click();
  const dialog = page.getByRole("dialog");
  const agent = dialog.getByLabel("Agent");
  const [, , third] = await agent.locator("option").allInnerTexts();
  await agent.selectOption({ label: third });
  await dialog.getByLabel("Reason").fill("Knows the family");
  await dialog.getByRole("button", { name: "Assign" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("link", { name }).first().click();
  await page.getByText("Knows the family", { exact: true }).waitFor();
  await close();
});

test("a leader pins a customer's value against the rules, and takes the pin off", async () => {
  const { page, close } = await open(browser, server.url, "tl", "/customers?valueStage=normal");
  await page.getByRole("row").nth(1).getByRole("link").click();
  const panel = page.locator("section", { has: page.getByRole("heading", { name: "Stage and warmth" }) });
  await panel.getByRole("button", { name: "Pin: Value" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Value").selectOption("vip");
  const confirm = dialog.getByRole("button", { name: "Pin" });
  assert.ok(await confirm.isDisabled(), "without a reason");
  await dialog.getByLabel("Reason").fill("Runs a tea stall");
  await shot(page, "pin-dialog-en-light");
  await confirm.click();
  await panel.getByText("The rules say Normal.").waitFor();
  await panel.getByText(/until .*: Runs a tea stall/).waitFor();
  await page.getByRole("heading", { level: 1 }).getByText("VIP").waitFor();
  await panel.getByText("How it came to be").click();
  await panel.getByText("Value: Normal → VIP").waitFor();
  await shot(page, "pin-en-light");
  const address = new URL(page.url()).pathname;
  const bangla = await open(browser, server.url, "manager", address, { language: "bn", colorScheme: "dark" });
  await bangla.page.getByText("নিয়ম বলে সাধারণ").waitFor();
  await shot(bangla.page, "pin-bn-dark");
  await bangla.close();
  await panel.getByRole("button", { name: "Unpin: Value" }).click();
  await panel.getByText("The rules say Normal.").waitFor({ state: "detached" });
  await panel.getByText("Value: VIP → Normal").waitFor();
  await close();
});

test("do not call needs a reason, and is taken back", async () => {
  const { page, close } = await open(browser, server.url, "tl", "/customers?doNotCall=false");
  await page.getByRole("row").nth(1).getByRole("link").click();
  await page.getByRole("button", { name: "Stop calling" }).click();
  const dialog = page.getByRole("dialog");
  const confirm = dialog.getByRole("button", { name: "Stop calling" });
  assert.ok(await confirm.isDisabled());
  await dialog.getByLabel("Reason").fill("Asked for it");
  await confirm.click();
  await page.getByText("This customer must not be called").waitFor();
  await page.getByRole("button", { name: "Allow calls" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Allow calls" }).click();
  await page.getByText("This customer must not be called").waitFor({ state: "detached" });
  await close();
});

test("what the server refuses is said at the field", async () => {
  const { page, close } = await open(browser, server.url, "tl", "/customers");
  await page.getByRole("button", { name: "New customer" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Nobody");
  await dialog.getByLabel("Phone", { exact: true }).fill("12345");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("This is not a valid phone number.").waitFor();
  assert.equal(
    await dialog.getByLabel("Phone", { exact: true }).getAttribute("aria-invalid"),
    "true",
  );
  await close();
});

test("a file is checked, its bad row shown, and the good ones imported once", async () => {
  const { page, close } = await open(browser, server.url, "manager", "/imports/new");
  const rows = [
    "Order ID,Mobile,Customer,Date,SKU,Qty",
    "W-1,01711111111,প্রথম,2026-01-10,RICE-MIN-5,1",
    "W-2,01711111112,দ্বিতীয়,2026-01-11,RICE-MIN-5,2",
    "W-3,12345,ভুল,2026-01-12,RICE-MIN-5,1",
  ];
  await page.getByLabel("File", { exact: true }).setInputFiles({
    name: "orders.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(`${rows.join("\n")}\n`),
  });
  await page.getByLabel("Meaning of column “Mobile”").waitFor();
  assert.equal(await page.getByLabel("Meaning of column “Mobile”").inputValue(), "phone");
  await page.getByRole("button", { name: "Check the file" }).click();
  await page.getByText("Some rows will be left out.").waitFor();
  await page.getByText("This is not a valid phone number.").waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByRole("button", { name: "Import 2 rows" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Import 2 rows" }).click();
  await page.getByText("The good rows were brought in.").waitFor();
  await page.goto("/orders?q=W-2");
  await page.getByRole("link", { name: "দ্বিতীয়" }).waitFor();
  await close();
});

test("an order that is cancelled leaves the customer’s figures, after being asked", async () => {
  const api = await apiAs(server.url, "tl");
  const { items } = await api.get("/api/cdm/orders?status=delivered&limit=1");
  const [order] = items;
  const before = await api.get(`/api/cdm/customers/${order.customerId}`);
  const { page, close } = await open(browser, server.url, "tl", `/orders/${order.id}`);
  await page.getByLabel("Change the status").selectOption("cancelled");
  await page.getByRole("dialog").getByRole("button", { name: "Yes, do it" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const now = await api.get(`/api/cdm/customers/${order.customerId}`);
  assert.equal(now.totalOrders, before.totalOrders - 1);
  await close();
});

test("a new agent joins a team, and a second team of a code is refused at the field", async () => {
  const { page, close } = await open(browser, server.url, "tl", "/teams");
  await page.getByRole("button", { name: "New agent" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Nadia Khan");
  await dialog.getByLabel("Login").fill("nadia");
  await dialog.getByLabel("Password").fill("long-enough-word");
  const team = dialog.getByLabel("Team");
  const [, first] = await team.locator("option").allInnerTexts();
  await team.selectOption({ label: first });
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("cell", { name: "Nadia Khan", exact: true }).waitFor();
  await page.getByRole("button", { name: "New team" }).click();
  await dialog.getByLabel("Name of the team").fill("Again");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("already has a team of that kind").waitFor();
  await close();
});

test("a plan is taken back after being asked, and can be made again", async () => {
  const lead = await apiAs(server.url, "tl");
  const agent = await apiAs(server.url, "agent1");
  const queued = async () => (await agent.get("/api/crm/automation/tasks/today")).items.length;
  const before = await queued();
  const { created } = await lead.post("/api/crm/team/ops/generate-calls");
  assert.ok((await queued()) > before);
  const { page, close } = await open(browser, server.url, "tl", "/plan");
  await page.getByRole("button", { name: "Undo plan" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/Calls that nobody has touched/).waitFor();
  assert.deepEqual(await violations(page), []);
  await shot(page, "plan-undo");
  await dialog.getByRole("button", { name: "Yes" }).click();
  await page.getByText(/calls left the queues, 0 stayed/).waitFor();
  await shot(page, "plan-undone");
  assert.equal(await page.getByRole("button", { name: "Undo plan" }).count(), 0);
  assert.equal(await queued(), before);
  const again = await lead.post("/api/crm/team/ops/generate-calls");
  assert.equal(again.created, created);
  await close();
});

test("whom the plan does not call is written to: the manager takes the file, once and again", async () => {
  const lead = await apiAs(server.url, "tl");
  await lead.post("/api/crm/team/ops/generate-calls");
  const { page, close } = await open(browser, server.url, "manager", "/messages");
  const take = page.getByRole("button", { name: "Take the SMS to send" });
  await take.waitFor();
  await shot(page, "messages-en-light");
  await take.click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("dialog").getByRole("button", { name: "Take the file" }).click(),
  ]);
  const rows = (await readFile(await file.path(), "utf8")).trim().split("\r\n");
  const { items } = await lead.get("/api/crm/messages");
  const gone = items.filter((message) => message.status === "handed_over");
  assert.ok(gone.length > 0);
  assert.equal(rows.length, gone.length + 1);
  assert.match(rows[1], /,8801\d{9},/);
  await take.waitFor({ state: "detached" });
  const [again] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "SMS file again" }).click(),
  ]);
  assert.equal((await readFile(await again.path(), "utf8")).trim(), rows.join("\r\n"));
  await close();
  const seen = await open(browser, server.url, "tl", "/messages", { language: "bn", colorScheme: "dark" });
  await seen.page.getByText("পাঠাতে দেওয়া হয়েছে", { exact: true }).first().waitFor();
  assert.equal(await seen.page.getByRole("button", { name: "হোয়াটসঅ্যাপ পাঠাতে নিন" }).count(), 0, "managers only");
  await shot(seen.page, "messages-bn-dark");
  await seen.close();
});
