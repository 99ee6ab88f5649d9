// The door: who gets in, what they see first.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, logIn, person, shot, violations } from "../support/browser.mjs";
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

test("the login page is accessible in both languages and themes", async () => {
  for (const language of ["bn", "en"]) {
    for (const colorScheme of ["light", "dark"]) {
      const { page, context, errors } = await person(browser, server.url, { language, colorScheme });
      await page.goto("/login");
      await page.locator("input[autocomplete=username]").waitFor();
      assert.deepEqual(await violations(page), []);
      await shot(page, `login-${language}-${colorScheme}`);
      assert.deepEqual(errors, []);
      await context.close();
    }
  }
});

test("a wrong password says so and lets one try again", async () => {
  const { page, context } = await person(browser, server.url);
  await page.goto("/login");
  await page.locator("input[autocomplete=username]").fill("tl");
  await page.locator("input[autocomplete=current-password]").fill("not the password");
  await page.locator("button[type=submit]").click();
  await page.getByRole("alert").waitFor();
  await logIn(page, "tl");
  await page.getByRole("banner").waitFor();
  await context.close();
});
