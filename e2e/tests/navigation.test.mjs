// The menu: beside the page, collapsed to icons, and over the page at the desk and on narrow screens.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, shot, violations } from "../support/browser.mjs";
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
