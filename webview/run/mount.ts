/** Draws the dashboard into a page, for whatever host stands behind it. */
import { render } from 'lit';
import { defineCurveChart } from '../charts/curveChart.ts';
import type { PageHost } from '../ui/pageHost.ts';
import { defineControls } from '../ui/toolkit.ts';
import { DashboardController } from './controller.ts';
import type { DashboardState } from './state.ts';
import { dashboardView } from './view.ts';
import '../ui/page.css';
import '../ui/reportPage.css';
import './run.css';
import './toolbar.css';

export function mountDashboard(root: HTMLElement, host: PageHost): DashboardController {
  defineControls();
  defineCurveChart();
  let isDrawingAsked = false;
  // Progress comes often: once a frame is enough.
  const drawSoon = (): void => {
    if (isDrawingAsked) return;
    isDrawingAsked = true;
    requestAnimationFrame(() => {
      isDrawingAsked = false;
      draw(controller.state);
    });
  };
  const controller = new DashboardController(host, drawSoon);
  const draw = (state: DashboardState): void => void render(dashboardView(state, controller), root);
  draw(controller.state);
  controller.start();
  return controller;
}
