// @ts-check
// Secrets that the service tells once: passwords and tokens.

import { button, element } from "../../panel/dom.js";
import { opened } from "../dialog.js";
import { toast } from "../toast.js";

/** What is shown once and never again. @param {string} title @param {string} secret */
export async function showOnce(title, secret) {
  await opened(title, (settle) => {
    const field = element("input", "input secret");
    field.readOnly = true;
    field.value = secret;
    field.setAttribute("aria-label", title);
    const copy = button("take main", "复制", async () => {
      await navigator.clipboard.writeText(secret).catch(() => field.select());
      toast("已复制");
    });
    return [element("p", "dialog-text", "只显示这一次，请现在就交给本人。"), field, element("div", "dialog-foot", copy, button("take", "记好了", () => settle(true)))];
  });
}
