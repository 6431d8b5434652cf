/** Task lists, as GitHub and JupyterLab show them: `- [ ]` and `- [x]` become boxes that nobody can tick. */
import type MarkdownIt from "markdown-it";

export function taskLists(markdown: MarkdownIt): void {
  markdown.core.ruler.after("inline", "task-lists", (state) => {
    state.tokens.forEach((token, index) => {
      if (token.type !== "inline" || state.tokens[index - 2]?.type !== "list_item_open") return;
      const [first] = token.children ?? [];
      const mark = first?.type === "text" ? /^\[([ xX])\]\s+/.exec(first.content) : null;
      if (!mark) return;
      first.content = first.content.slice(mark[0].length);
      const html = (content: string) => Object.assign(new state.Token("html_inline", "", 0), { content });
      const box = `<input type="checkbox" disabled${mark[1] === " " ? "" : " checked"}>`;
      token.children = [html(`<label>${box} `), ...token.children!, html("</label>")];
      state.tokens[index - 2].attrJoin("class", "task");
    });
  });
}
