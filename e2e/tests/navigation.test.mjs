// The menu: beside the page, collapsed to icons, and over the page at the desk and on narrow screens; the
// palette that finds pages, customers, orders and actions.
import assert from "node:assert/strict";
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

const menu = (page) => page.getByRole("navigation", { name: "Main menu" });
const menuButton = (page) => page.getByRole("banner").getByRole("button", { name: "Main menu" });

test("the menu collapses to icons that keep their names, also after a reload", async () => {
  const { page, close } = await open(browser, server.url, "tl", "/customers");
  await menu(page).getByRole("heading", { name: "Growth" }).waitFor();
  assert.equal(await menu(page).getByRole("heading", { name: "Insight" }).count(), 0);
  assert.equal(await menuButton(page).getAttribute("aria-expanded"), "true");
  const full = (await menu(page).boundingBox()).width;
  await menuButton(page).click();
  assert.equal(await menuButton(page).getAttribute("aria-expanded"), "false");
  await page.reload();
  const orders = menu(page).getByRole("link", { name: "Orders" });
  await orders.waitFor();
  assert.ok((await menu(page).boundingBox()).width < full / 2);
  await orders.click();
  await page.getByRole("heading", { name: "Orders", level: 1 }).waitFor();
  assert.equal(await orders.getAttribute("aria-current"), "page");
  await shot(page, "menu-icons");
  await close();
});

test("the desk keeps its full width, and the menu opens over it", async () => {
  const { page, close } = await open(browser, server.url, "agent1", "/desk");
  await page.getByRole("heading", { name: "Today’s calls" }).waitFor();
  assert.equal(await menu(page).count(), 0);
  assert.equal((await page.getByRole("main").boundingBox()).width, 1366);
  await menuButton(page).focus();
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("dialog", { name: "Main menu" });
  await drawer.waitFor();
  assert.deepEqual(await violations(page), []);
  await shot(page, "menu-desk");
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "detached" });
  await menuButton(page).and(page.locator(":focus")).waitFor();
  await menuButton(page).click();
  await drawer.getByRole("link", { name: "Customers" }).click();
  await page.waitForURL("**/customers");
  await drawer.waitFor({ state: "detached" });
  await menu(page).waitFor();
  await close();
});

test("on a narrow screen the menu opens over the page", async () => {
  const { page, close } = await open(browser, server.url, "tl", "/customers");
  await page.setViewportSize({ width: 390, height: 844 });
  await menu(page).waitFor({ state: "detached" });
  await menuButton(page).click();
  await page.getByRole("dialog").getByRole("link", { name: "Orders" }).click();
  await page.getByRole("heading", { name: "Orders", level: 1 }).waitFor();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
  await close();
});

const palette = (page) => page.getByRole("dialog", { name: "Quick search" });

test("Ctrl K finds a customer by phone and an order by number, by keyboard alone", async () => {
  const api = await apiAs(server.url, "tl");
  const { items } = await api.get("/api/cdm/orders?limit=1");
  const order = await api.get(`/api/cdm/orders/${items[0].id}`);
  const customer = await api.get(`/api/cdm/customers/${order.customerId}`);
  const { page, close } = await open(browser, server.url, "tl", "/plan");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type(customer.phone.replace("+88", ""));
  await palette(page).getByRole("option", { name: customer.name }).waitFor();
  assert.deepEqual(await violations(page), []);
  await shot(page, "palette");
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/customers/${customer.id}`);
  await page.keyboard.press("Slash");
  await page.keyboard.type(order.orderNo);
  await palette(page).getByRole("option", { name: order.orderNo }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/orders/${order.id}`);
  await palette(page).waitFor({ state: "detached" });
  await close();
});

test("the palette finds pages and actions in both languages, and only those of the role", async () => {
  const { page, close } = await open(browser, server.url, "agent1", "/customers");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  await palette(page).waitFor();
  await page.keyboard.type("পণ্য");
  await palette(page).getByRole("option", { name: "Products" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL("**/products");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("users");
  await palette(page).getByText("Nothing found", { exact: false }).waitFor();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("add cust");
  await palette(page).getByRole("option", { name: "Add a customer" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "New customer" }).waitFor();
  await close();
});

test("at the desk the palette takes no key from a call, and Escape returns to the desk", async () => {
  const { page, close } = await open(browser, server.url, "agent1", "/desk");
  await page.getByRole("heading", { name: "Today’s calls" }).waitFor();
  await page.keyboard.press("Control+k");
  await palette(page).waitFor();
  await page.keyboard.type("n1c");
  assert.equal(await palette(page).getByRole("combobox").inputValue(), "n1c");
  await page.keyboard.press("Escape");
  await palette(page).waitFor({ state: "detached" });
  assert.equal(await page.getByText("Connected").count(), 0);
  await page.keyboard.press("n");
  await page.getByLabel(/^Notes/).and(page.locator(":focus")).waitFor();
  await close();
});

test("a search that fails says so and can be repeated", async () => {
  const { page, close } = await open(browser, server.url, "tl", "/customers");
  let fail = true;
  await page.route("**/api/cdm/search?*", (route) =>
    fail ? route.fulfill({ status: 500, json: { code: "internal_error" } }) : route.continue(),
  );
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  await palette(page).waitFor();
  await page.keyboard.type("রহমান");
  await palette(page).getByRole("alert").waitFor();
  fail = false;
  await palette(page).getByRole("button", { name: "Try again" }).click();
  await palette(page).getByRole("option", { name: /রহমান/ }).first().waitFor();
  await close();
});
