// @ts-check
// Tabs over panels, of which one shows.
//
//   place.append(tabsOf("旁边看什么", [{ title: "预览", panel }, { title: "问法", panel: other, shown: () => draw() }]));

import { button, element } from "../panel/dom.js";
import { isComposing } from "../typing.js";

let last = 0;

/** @param {string} label @param {{title: string, panel: HTMLElement, shown?: () => void}[]} tabs the first shows at once */
export function tabsOf(label, tabs) {
  const bar = element("div", "tabs");
  bar.setAttribute("role", "tablist");
  bar.setAttribute("aria-label", label);
  const choose = (/** @type {number} */ chosen) => {
    tabs.forEach(({ panel }, index) => {
      panel.hidden = index !== chosen;
      buttons[index]?.setAttribute("aria-selected", String(index === chosen));
      if (buttons[index]) buttons[index].tabIndex = index === chosen ? 0 : -1;
    });
    tabs[chosen]?.shown?.();
  };
  const buttons = tabs.map(({ title, panel }, index) => {
    const made = button("tab", title, () => choose(index));
    made.setAttribute("role", "tab");
    made.id = `tab-${++last}`;
    panel.id = `panel-${last}`;
    made.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", made.id);
    return made;
  });
  bar.append(...buttons);
  bar.addEventListener("keydown", (event) => {
    const step = isComposing(event) ? 0 : event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const at = buttons.findIndex((one) => one === event.target);
    const to = (at + step + buttons.length) % buttons.length;
    choose(to);
    buttons[to]?.focus();
  });
  choose(0);
  return element("div", "", bar, ...tabs.map(({ panel }) => panel));
}
