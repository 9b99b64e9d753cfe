/** Draws the page of an experiment, for whatever host stands behind it. */
import { render } from 'lit';
import { defineCurveChart } from '../charts/curveChart.ts';
import type { PageHost } from '../ui/pageHost.ts';
import { defineControls } from '../ui/toolkit.ts';
import { ExperimentController } from './controller.ts';
import { experimentView } from './view.ts';
import '../ui/page.css';
import '../ui/parts.css';
import '../ui/reportPage.css';
import './experiment.css';
import './ablation.css';

export function mountExperiment(root: HTMLElement, host: PageHost): ExperimentController {
  defineControls();
  defineCurveChart();
  let isDrawingAsked = false;
  // Steps may finish often: once a frame is enough.
  const controller = new ExperimentController(host, () => {
    if (isDrawingAsked) return;
    isDrawingAsked = true;
    requestAnimationFrame(() => {
      isDrawingAsked = false;
      draw();
    });
  });
  const draw = (): void => void render(experimentView(controller.state, controller), root);
  draw();
  return controller;
}
