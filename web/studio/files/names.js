// @ts-check
// What the lexicon's files are called, and how they are written, in a sentence. Pure.

/** @type {Record<string, {title: string, about: string}>} */
export const LEXICON = {
  "banned.yaml": { title: "禁用语", about: "rules 下每条规则：id、class、why、severity（block 不能发，warn 提醒）、words、patterns、except、better。" },
  "synonyms.txt": { title: "同义词", about: "一行一组：a, b, c 互相能找到；a, b => c 只从左找到右。" },
  "confusions.txt": { title: "错别字", about: "一行一个：退或 => 退货，左边是打错的，右边是想说的。" },
  "words.txt": { title: "词语", about: "一行一个词，后面可以写词频和词性；店里的商品名、活动名写在这里，分词就不会拆开。" },
  "filler.txt": { title: "客套话", about: "[问候] [语气] [致谢] [确认] [稍等] [放弃] 各一段，一行一句；整句只有这些时按这一段来答。" },
  "intents.txt": { title: "问的是什么", about: "[查物流] 这样一段一件事，一行一种说法；几点+送 是先后出现的两部分；= 开头的是它的正式名称。" },
  "emotions.yaml": { title: "情绪与风险", about: "anxious、angry、haste 列出词；risk 列出 name、words、entry：命中时 entry 排在最前。" },
  "stages.txt": { title: "阶段", about: "[售前] [售中] [售后] 各一段，一行一个说法。" },
  "facets.yaml": { title: "渠道与分面", about: "channels、products、customers 等，每个值后面是它的别名。" },
  "campaigns.yaml": { title: "活动", about: "活动名下列出 phase、from、until、shops。" },
};
