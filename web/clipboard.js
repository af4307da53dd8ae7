// @ts-check

/**
 * Copies a text. Browsers give the clipboard to secure pages only; on plain http in a local network the old command still works.
 * @param {string} text
 * @param {Document} [page] the one that has the focus
 * @returns {Promise<boolean>} whether it is in the clipboard
 */
export async function copyText(text, page = document) {
  const window = page.defaultView;
  if (window?.isSecureContext && window.navigator.clipboard) {
    try {
      await window.navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Not allowed, or the page lost the focus: the other way may do.
    }
  }
  return copyByCommand(page, () => {
    const area = page.createElement("textarea");
    area.value = text;
    area.readOnly = true;
    return { node: area, select: () => area.select() };
  });
}

/**
 * Copies a picture as a picture. Clipboards take PNG alone.
 * @param {Blob} blob @param {Document} [page]
 * @returns {Promise<boolean>}
 */
export async function copyPicture(blob, page = document) {
  const window = page.defaultView;
  try {
    const png = blob.type === "image/png" ? blob : await toPng(blob, page);
    if (window?.isSecureContext && window.navigator.clipboard) {
      await window.navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
      return true;
    }
    return await copyShown(png, page);
  } catch {
    return false;
  }
}

/** Without a clipboard: a picture of the page, selected and copied by command. @param {Blob} png @param {Document} page */
async function copyShown(png, page) {
  const image = page.createElement("img");
  image.src = URL.createObjectURL(png);
  await image.decode();
  const copied = copyByCommand(page, () => {
    const box = page.createElement("div");
    box.contentEditable = "true";
    box.append(image);
    return { node: box, select: () => page.getSelection()?.selectAllChildren(box) };
  });
  URL.revokeObjectURL(image.src);
  return copied;
}

/** @param {Blob} blob @param {Document} page @returns {Promise<Blob>} */
async function toPng(blob, page) {
  const bitmap = await createImageBitmap(blob);
  const canvas = page.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  return new Promise((resolve, reject) => canvas.toBlob((png) => (png ? resolve(png) : reject(new Error("no picture"))), "image/png"));
}

/** @param {Document} page @param {() => {node: HTMLElement, select: () => void}} make */
function copyByCommand(page, make) {
  const focused = page.activeElement;
  const { node, select } = make();
  node.className = "unseen";
  page.body.append(node);
  select();
  let copied = false;
  try {
    copied = page.execCommand("copy");
  } catch {
    copied = false;
  }
  node.remove();
  // In a window of its own the types are another window's.
  /** @type {HTMLElement | null} */ (focused)?.focus?.({ preventScroll: true });
  return copied;
}
