// @ts-check
// What the service refuses, said to people. Pure.

/** By the stable code of the problem document. @type {Record<string, string>} */
const BY_CODE = {
  offline: "连不上服务，请看看它是否还在运行；没保存的内容还在这里",
  unauthorized: "需要登录",
  wrong_credentials: "名字或密码不对",
  throttled: "试得太多了，请过一会儿再试",
  forbidden: "您的角色没有这个权限",
  four_eyes: "自己的提议要由别人来通过",
  no_entry: "没有这个词条，可能已被删除",
  no_route: "服务没有这个功能，版本可能不一致",
  exists: "已有同名的词条或文件",
  changed: "这段时间里别人改过，请看看新的内容再决定",
  precondition_failed: "这段时间里别人改过",
  precondition_required: "要先读到当前版本才能保存，请刷新",
  stale: "词条在提议之后又改过，请先合并",
  golden_broken: "有黄金问题会找不到原来的词条",
  too_large: "内容太大",
  busy: "服务正忙，请稍后再试",
  crowded: "连到服务的太多了，请稍后再试",
  too_often: "请求太频繁，请稍后再试",
  timeout: "服务没有在时间内答复，请再试一次",
  register_down: "台账现在用不了，没有改动任何东西；恢复后请再试一次",
  library_down: "知识库的文件现在写不了，没有改动任何东西；恢复后请再试一次",
  journal_down: "流水现在用不了；恢复后请再试一次",
  no_journal: "服务没有开日志，日志里有原因",
  no_register: "服务没有打开登记库，日志里有原因",
  wrong_origin: "浏览器认为请求来自别的网站，请直接打开工作台的地址",
  wrong_host: "服务不认识这个地址，请用 localhost 或 127.0.0.1 打开",
  internal: "服务出错了，日志里有原因",
};

/** Where the service tells more than its code says: what exactly is not right with a value. */
const WITH_DETAIL = new Set(["bad_value", "bad_query", "bad_json", "request_failed", "too_large", "exists", "changed"]);

/** @param {number} status @param {string} code @param {string} detail in English */
export function sentence(status, code, detail) {
  const known = BY_CODE[code];
  if (known && !WITH_DETAIL.has(code)) return known;
  if (known) return `${known}（${detail}）`;
  if (status === 400 || status === 422) return `填的内容不对：${detail}`;
  if (status === 404) return `没有找到：${detail}`;
  return `没有成功（${code}）：${detail}`;
}
