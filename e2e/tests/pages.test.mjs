// Every page of the menu, for the roles that have one: it loads, says no error, and axe finds nothing,
// in both languages and both themes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, logIn, person, shot, violations } from "../support/browser.mjs";
import { apiAs, startServer } from "../support/server.mjs";

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await launch();
  const lead = await apiAs(server.url, "tl");
  await lead.post("/api/crm/team/ops/generate-calls");
});

after(async () => {
  await browser?.close();
  await server?.discard();
});

/** Waits until nothing is being loaded any more. */
async function settled(page) {
  await page.waitForLoadState("networkidle");
  await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
}

for (const login of ["agent1", "tl", "admin", "support"]) {
  for (const [language, colorScheme] of [["bn", "light"], ["en", "dark"]]) {
    test(`every page of ${login} in ${language}, ${colorScheme}`, async () => {
      const { page, context, errors } = await person(browser, server.url, { language, colorScheme });
      await logIn(page, login);
      // At the desk the menu is closed.
      await page.goto("/customers");
      await settled(page);
      const menu = page.getByRole("navigation").first().getByRole("link");
      const paths = await menu.evaluateAll((links) => links.map((a) => new URL(a.href).pathname));
      const problems = [];
      for (const path of [...new Set([...paths, "/account"])]) {
        await page.goto(path);
        await settled(page);
        await shot(page, `${login}${path.replaceAll("/", "-")}-${language}-${colorScheme}`);
        for (const violation of await violations(page)) problems.push(`${path}: ${violation}`);
        if ((await page.getByRole("alert").count()) > 0) {
          problems.push(`${path}: ${await page.getByRole("alert").first().textContent()}`);
        }
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        if (wide) problems.push(`${path}: scrolls sideways at 1366×768`);
      }
      assert.deepEqual(problems, []);
      assert.deepEqual(errors, []);
      await context.close();
    });
  }
}
