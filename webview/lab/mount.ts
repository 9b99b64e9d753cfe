/** Draws the comparison of critics into a page, for whatever host stands behind it. */
import { render } from 'lit';
import type { PageHost } from '../ui/pageHost.ts';
import { defineControls } from '../ui/toolkit.ts';
import { LabController } from './controller.ts';
import { labView } from './view.ts';
import '../ui/page.css';
import '../ui/parts.css';
import './lab.css';

export function mountLab(root: HTMLElement, host: PageHost): LabController {
  defineControls();
  const controller = new LabController(host, (state) => render(labView(state, controller), root));
  render(labView(controller.state, controller), root);
  return controller;
}
