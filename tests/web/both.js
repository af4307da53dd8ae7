// @ts-check
// One service and one browser for the tests of a file.

import { after, before } from "node:test";
import { launchBrowser, openPage } from "./browser.js";
import { startService } from "./service.js";

/** @typedef {import("./service.js").Service} Service */

/**
 * Starts service and browser before the tests of a file and ends them after.
 * @param {Parameters<typeof startService>[0]} [how] @param {(service: Service) => Promise<unknown>} [then] what is there before the first test
 */
export function useBoth(how, then) {
  /** @type {Service} */
  let service;
  /** @type {import("./browser.js").Browser} */
  let browser;
  before(async () => {
    [service, browser] = await Promise.all([startService(how), launchBrowser()]);
    await then?.(service);
  });
  after(async () => {
    await browser?.close();
    await service?.stop();
  });
  return {
    get service() {
      return service;
    },
    /** A page of the service in a fresh profile. @param {string} where such as `/studio` @param {Parameters<typeof openPage>[2]} [options] @param {Parameters<typeof openPage>[3]} [prepare] */
    open(where, options, prepare) {
      return openPage(browser, service.url + where, options, prepare);
    },
  };
}
