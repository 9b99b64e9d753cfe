/** Every state of every page. */
import { explorerScenes } from './explorerScenes.ts';
import { experimentScenes } from './experimentScenes.ts';
import { runScenes } from './runScenes.ts';

/** One state of one page; `show` draws it into an empty element. */
export interface Scene {
  /** Part of the address, and stable: tests and pictures go by it. */
  readonly id: string;
  readonly title: string;
  show(root: HTMLElement): void;
}

export const scenes: readonly Scene[] = [...runScenes, ...explorerScenes, ...experimentScenes];
