/** The gallery: every page in every state on made-up data, in a plain browser. `?scene=<id>&theme=<name>` shows one scene alone. */
import { html, render, type TemplateResult } from 'lit';
import { scenes, type Scene } from './scenes.ts';
import './gallery.css';
import './themes/dark.css';
import './themes/highContrast.css';
import './themes/light.css';

/** Names in the address, with what the editor sets on the body of a webview. */
const themes = {
  dark: { title: 'dark', kind: 'vscode-dark' },
  light: { title: 'light', kind: 'vscode-light' },
  highContrast: { title: 'high contrast', kind: 'vscode-high-contrast' },
} as const;
type ThemeName = keyof typeof themes;

declare global {
  interface Window {
    /** Ids of all scenes, for programs that visit each. */
    galleryScenes: readonly string[];
  }
}

window.galleryScenes = scenes.map(({ id }) => id);
const asked = new URLSearchParams(location.search);
const askedTheme = asked.get('theme') ?? 'dark';
useTheme(isThemeName(askedTheme) ? askedTheme : 'dark');

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no place for a scene.');
const scene = scenes.find(({ id }) => id === asked.get('scene'));
document.title = scene === undefined ? 'Gallery' : `${scene.title} – Gallery`;
if (scene === undefined) render(listView(), root);
else scene.show(root);

function isThemeName(name: string): name is ThemeName {
  return Object.hasOwn(themes, name);
}

function useTheme(name: ThemeName): void {
  document.documentElement.dataset['theme'] = name;
  document.body.className = themes[name].kind;
  document.body.dataset['vscodeThemeKind'] = themes[name].kind;
}

function listView(): TemplateResult {
  return html`<div class="scene-list">
    <h1>Gallery</h1>
    <table>
      ${scenes.map(
        (each) =>
          html`<tr>
            <th scope="row">${each.title}</th>
            ${Object.entries(themes).map(([name, { title }]) => html`<td>${sceneLink(each, name, title)}</td>`)}
          </tr>`,
      )}
    </table>
  </div>`;
}

function sceneLink({ id, title }: Scene, theme: string, themeTitle: string): TemplateResult {
  return html`<a id="${id}-${theme}" href="?scene=${id}&theme=${theme}" aria-label="${title}, ${themeTitle}">${themeTitle}</a>`;
}
