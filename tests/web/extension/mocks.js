// @ts-check
// The chats of known sites as far as their structure is public (web/site-profiles.json says what is not): what stands where, and nothing else of them.

/** A message of each side, and one that the customer wrote after. */
export const CUSTOMER = ["我的快递怎么还没到", "都三天了"];

/**
 * @typedef {object} Mock
 * @property {string} address
 * @property {string} body
 * @property {string} [bundle] a real editor from editors/
 * @property {boolean} reads whether messages can be read
 * @property {string | null} other selector of what names the conversation; `null`: the messages themselves tell
 */

/** @param {(text: string) => string} customer @param {(text: string) => string} agent @param {string} [between] */
const run = (customer, agent, between = "") => customer("在吗") + agent("亲，在的") + customer(CUSTOMER[0]) + between + customer(CUSTOMER[1]);

/** @type {Record<string, Mock>} */
export const MOCKS = {
  pinduoduo: {
    address: "https://mms.pinduoduo.com/chat-merchant/index.html",
    body: `<div id="msgListContainer"><ul class="msg-list">${run(
      (text) => `<li class="clearfix onemsg"><div class="buyer-item"><div class="msg-content"><p class="msg-content-box">${text}</p></div></div></li>`,
      (text) => `<li class="clearfix onemsg"><div class="cs-item"><p class="msg-content-box">${text}</p></div></li>`,
      `<li class="clearfix onemsg"><div class="system-msg">以上为历史消息</div></li>`,
    )}</ul></div>
      <div class="reply-input"><div class="textarea-rect"><textarea id="replyTextarea"></textarea></div></div><div class="send-btn">发送</div>`,
    reads: true,
    other: null,
  },
  feige: {
    address: "https://im.jinritemai.com/pc_seller_v2/main/workspace",
    body: `<main id="workspace-chat"><div id="topbar-left-info"><span>王女士</span><span>添加备注</span></div>${run(
      (text) => `<div data-qa-id="qa-message-warpper"><div class="leaveMessage messageNotMe"><pre><span>${text}</span></pre></div></div>`,
      (text) => `<div data-qa-id="qa-message-warpper"><div class="leaveMessage messageIsMe"><pre><span>${text}</span></pre></div></div>`,
      `<div data-qa-id="qa-message-warpper"><div>10:24</div></div>`,
    )}<textarea data-qa-id="qa-send-message-textarea"></textarea></main>`,
    reads: true,
    other: "#topbar-left-info span",
  },
  kuaishou: { address: "https://im.kwaixiaodian.com/workbench", body: `<div id="root"></div>`, bundle: "quill2", reads: false, other: null },
  jingdong: {
    address: "https://dongdong.jd.com/",
    body: `<div class="chat-head-name"><span>王女士</span></div><div id="t-chat-scroll">${run(
      (text) => `<div class="message"><div class="message_left"><span class="message__content">${text}</span></div></div>`,
      (text) => `<div class="message"><div class="message_right"><span class="message__content">${text}</span></div></div>`,
      `<div class="message"><span>10:24</span></div>`,
    )}</div><div class="EditorContent" contenteditable="true"></div>`,
    reads: true,
    other: ".chat-head-name span",
  },
  weixin: {
    address: "https://store.weixin.qq.com/shop/kf/",
    body: `<div class="chat-title"><div class="left"><span class="chat-customer-name bold">王女士</span></div></div>${run(
      (text) => `<div class="msg"><div class="message-item flex items-center"><div class="text-msg bg-user">${text}</div></div></div>`,
      (text) => `<div class="msg"><div class="message-item flex items-center justify-end"><div class="text-msg">${text}</div></div></div>`,
    )}<div class="chat-input"><textarea class="text-area"></textarea></div>`,
    reads: true,
    other: ".chat-customer-name",
  },
  1688: {
    address: "https://air.1688.com/app/ocms-fusion-components-1688/def_cbu_web_im/index.html",
    body: `<pre class="edit" contenteditable="true"></pre>`,
    reads: false,
    other: null,
  },
  whatsapp: {
    address: "https://web.whatsapp.com/",
    body: `<div id="main"><header><span dir="auto">Ms Wang</span></header>${run(
      (text) => `<div class="message-in"><div class="copyable-text"><span class="selectable-text">${text}</span></div></div>`,
      (text) => `<div class="message-out"><div class="copyable-text"><span class="selectable-text">${text}</span></div></div>`,
    )}<footer><div id="root"></div></footer></div>`,
    bundle: "lexical",
    reads: true,
    other: "#main header span",
  },
};

/** Sites whose clients take no text from an extension. */
export const COPY_ONLY = { qianniu: "https://myseller.taobao.com/home.htm", xiaohongshu: "https://ark.xiaohongshu.com/app" };

/** @param {Mock} mock */
export function pageOf({ body, bundle }) {
  const script = bundle ? `<script src="/bundle/${bundle}.js"></script>` : "";
  const style = "<style>[contenteditable] { min-height: 40px; white-space: pre-wrap; }</style>";
  return `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>mock</title>${style}</head><body>${body}<script>globalThis.chat = {};</script>${script}</body></html>`;
}
