// Chromium as a person uses it: 1366×768.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";
import { apiAs, PASSWORD } from "./server.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const SHOTS = path.resolve(import.meta.dirname, "../out");

/** `media`: with a microphone that beeps, and permission to use it. */
export function launch({ media = false } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...(media
        ? [
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            "--autoplay-policy=no-user-gesture-required",
            "--allow-loopback-in-peer-connection",
          ]
        : []),
    ],
  });
}

/** A person's own browser: separate storage; errors on the page fail the test through `errors`. */
export async function person(browser, url, { language = "en", colorScheme = "light", microphone = false } = {}) {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1366, height: 768 },
    colorScheme,
    reducedMotion: "reduce",
    locale: language === "bn" ? "bn-BD" : "en-GB",
    timezoneId: "Asia/Dhaka",
  });
  await context.grantPermissions(microphone ? ["notifications", "microphone"] : ["notifications"]);
  await context.addInitScript((chosen) => {
    localStorage.setItem("trustcart.language", chosen);
  }, language);
  context.language = language;
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const errors = [];
  page.on("pageerror", (error) => errors.push(error));
  return { context, page, errors };
}

/** Logs in through the login page; the profile speaks the language of this browser. */
export async function logIn(page, login) {
  await page.goto("/login");
  const api = await apiAs(new URL(page.url()).origin, login);
  await api.patch("/api/auth/me", { language: page.context().language });
  await page.locator("input[autocomplete=username]").fill(login);
  await page.locator("input[autocomplete=current-password]").fill(PASSWORD);
  await page.locator("button[type=submit]").click();
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
}

/** `login` on a page, as somebody who looks at it: `close` checks that it neither failed nor broke an accessibility rule. */
export async function open(browser, url, login, path, options) {
  const visitor = await person(browser, url, options);
  await logIn(visitor.page, login);
  await visitor.page.goto(path);
  return {
    ...visitor,
    async close() {
      assert.deepEqual(await violations(visitor.page), []);
      assert.deepEqual(visitor.errors, []);
      await visitor.context.close();
    },
  };
}

/** Accessibility violations of WCAG 2.1 A and AA on the page as it is. */
export async function violations(page) {
  await page.evaluate(await readFile(AXE, "utf8"));
  const found = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }),
  );
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
}

export async function shot(page, name) {
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
}
