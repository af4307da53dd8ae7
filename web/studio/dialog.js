// @ts-check
// Dialogs: the browser's own <dialog>, so that focus stays in it and Esc leaves.
//
//   if (await confirmed("删除这条？", "历史里还能找回。", "删除", "danger")) …
//   const values = await asked("新建词条", [textField("title", "标题", { required: true })], "新建");   // null: left
//   const how = await chosen("两个版本", body, ["用我的", "用对方的"]);   // index; null: left

import { button, element } from "../panel/dom.js";
import { focusFirst, fieldsOf, valuesOf } from "./form.js";

let last = 0;

/**
 * Opens a dialog; `settle` closes it with a value, leaving gives `null`.
 * @template T
 * @param {string} title @param {(settle: (value: T) => void) => (Node | string)[]} fill @param {string} [className]
 * @returns {Promise<T | null>}
 */
export function opened(title, fill, className = "") {
  return new Promise((resolve) => {
    const heading = element("h2", "dialog-title", title);
    heading.id = `dialog-${++last}`;
    const dialog = element("dialog", className ? `dialog ${className}` : "dialog", heading);
    dialog.setAttribute("aria-labelledby", heading.id);
    /** @type {T | null} */
    let value = null;
    dialog.append(
      ...fill((settled) => {
        value = settled;
        dialog.close();
      }),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(value);
    });
    // Esc that ends a composition is the IME's.
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && event.isComposing) event.preventDefault();
      event.stopPropagation();
    });
    document.body.append(dialog);
    dialog.showModal();
    focusFirst(dialog);
  });
}

/** @param {string} title @param {string | Node} text @param {string} confirm @param {"" | "danger"} [kind] */
export async function confirmed(title, text, confirm, kind = "") {
  return (await chosen(title, text, [confirm], kind)) === 0;
}

/** @param {string} title @param {string | Node} text @param {string[]} choices the first is the usual one @param {"" | "danger" | "wide"} [kind] @returns {Promise<number | null>} */
export function chosen(title, text, choices, kind = "") {
  return opened(
    title,
    (settle) => {
      const buttons = choices.map((choice, index) => button(index === 0 ? `take main${kind === "danger" ? " danger" : ""}` : "take", choice, () => settle(index)));
      return [typeof text === "string" ? element("p", "dialog-text", text) : text, foot(buttons)];
    },
    kind === "wide" ? "wide" : "",
  );
}

/**
 * A form in a dialog.
 * @param {string} title @param {HTMLElement[]} fields of form.js @param {string} confirm
 * @param {(values: Record<string, string>) => Promise<unknown>} [act] what is done with them: where it fails the dialog stays, and says why
 * @returns {Promise<Record<string, string> | null>}
 */
export function asked(title, fields, confirm, act) {
  return opened(title, (settle) => {
    const done = button("take main", confirm, () => {});
    done.type = "submit";
    const form = fieldsOf(fields, async () => {
      const values = valuesOf(form);
      await act?.(values);
      settle(values);
    });
    form.append(foot([done]));
    return [form];
  });
}

/** @param {HTMLButtonElement[]} buttons */
function foot(buttons) {
  const leave = button("take", "取消", () => leave.closest("dialog")?.close());
  return element("div", "dialog-foot", ...buttons, leave);
}
