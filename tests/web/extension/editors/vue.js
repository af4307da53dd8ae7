// A text area bound to Vue's state.
import { createApp, h, ref, vModelText, withDirectives } from "vue";

const text = ref("");
createApp({
  render: () => withDirectives(h("textarea", { "onUpdate:modelValue": (value) => (text.value = value) }), [[vModelText, text.value]]),
}).mount("#root");
globalThis.chat.text = () => text.value;
