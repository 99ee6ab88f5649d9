// Lists: order, columns and filters that stay, and a CSV file of what is filtered.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { launch, open, shot } from "../support/browser.mjs";
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

/** The lines of the CSV file that a page saves, without the byte order mark. */
async function savedCsv(page) {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "CSV" }).click(),
  ]);
  return (await readFile(await file.path(), "utf8")).replace("\uFEFF", "").trim().split("\r\n");
}

/** The texts of a column, by its head. */
async function column(page, name) {
  const heads = await page.getByRole("columnheader").allInnerTexts();
  const at = heads.findIndex((head) => head.trim() === name) + 1;
  return page.locator(`tbody tr td:nth-child(${at})`).allInnerTexts();
}

test("products are sorted by a click on the head; order and hidden columns outlive a reload", async () => {
  const { page, close } = await open(browser, server.url, "tl", "/products");
  const price = page.getByRole("columnheader", { name: "Price" });
  await price.getByRole("button").click();
  await page.waitForURL("**/products?sort=price");
  const taka = async () => (await column(page, "Price")).map((text) => Number(text.replace(/[^\d.]/g, "")));
  const up = await taka();
  assert.deepEqual(up, [...up].sort((a, b) => a - b));
  await price.getByRole("button").click();
  await page.waitForURL("**/products?sort=-price");
  assert.equal(await price.getAttribute("aria-sort"), "descending");
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitemcheckbox", { name: "SKU" }).click();
  await page.getByRole("columnheader", { name: "SKU" }).waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await page.reload();
  await price.waitFor();
  assert.equal(await page.getByRole("columnheader", { name: "SKU" }).count(), 0);
  assert.deepEqual(await taka(), [...up].sort((a, b) => b - a));
  const [head, first] = await savedCsv(page);
  assert.ok(!head.includes("SKU"), head);
  assert.ok(first.includes(String(Math.max(...up))), first);
  await shot(page, "list-products");
  await close();
});

test("the CSV file of customers has every page of what is filtered", async () => {
  const api = await apiAs(server.url, "tl");
  let count = 0;
  let next = "";
  do {
    const page = await api.get(`/api/cdm/customers?lifecycleStage=active&limit=200${next}`);
    count += page.items.length;
    next = page.nextCursor ? `&cursor=${page.nextCursor}` : "";
  } while (next);
  assert.ok(count > 200, "more than one page");
  const { page, close } = await open(browser, server.url, "tl", "/customers?lifecycleStage=active");
  await page.getByText("more available", { exact: false }).waitFor();
  const lines = await savedCsv(page);
  assert.equal(lines.length, count + 1);
  assert.match(lines[1], /,01\d{3}-\d{6},/);
  await close();
});

test("the log of orders turns round, and the address says so", async () => {
  const api = await apiAs(server.url, "tl");
  const [oldest] = (await api.get("/api/cdm/orders?sort=oldest&limit=1")).items;
  const [newest] = (await api.get("/api/cdm/orders?limit=1")).items;
  assert.ok(oldest.orderDate < newest.orderDate);
  const { page, close } = await open(browser, server.url, "tl", "/orders");
  await page.getByRole("columnheader", { name: "Date" }).getByRole("button").click();
  await page.waitForURL("**/orders?sort=oldest");
  await page.locator("tbody tr").first().getByText(oldest.orderNo).waitFor();
  await page.reload();
  await page.locator("tbody tr").first().getByText(oldest.orderNo).waitFor();
  await close();
});

test("a long list draws what is on screen, and scrolls to its last row", async () => {
  const { page, close } = await open(browser, server.url, "tl", "/customers");
  for (const rows of [100, 150, 200]) {
    await page.getByRole("button", { name: "Show more" }).click();
    await page.getByText(`${rows} shown`, { exact: false }).waitFor();
  }
  assert.ok((await page.locator("tbody tr[data-index]").count()) < 100);
  await page.getByRole("region", { name: "Customers" }).evaluate((area) => area.scrollTo(0, area.scrollHeight));
  await page.locator("tbody tr[data-index='199']").waitFor();
  assert.equal(await page.getByRole("table").getAttribute("aria-rowcount"), "201");
  await close();
});
