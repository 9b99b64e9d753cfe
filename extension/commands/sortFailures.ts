/** Chooses the order of the persistent failures within each cause. */
import * as vscode from 'vscode';
import type { Command } from '../services.ts';
import { failureOrders, type FailureOrder } from '../state/failures.ts';

const orderNames: Readonly<Record<FailureOrder, string>> = {
  longestStreak: 'Longest streak first',
  mostAttempts: 'Most attempts first',
  lastSeen: 'Last seen first',
  problem: 'By problem',
};

export const sortFailures: Command = {
  id: 'critiqueGrpo.sortFailures',
  async run({ failuresTree }) {
    const items = failureOrders.map((order) => ({ label: orderNames[order], description: order === failuresTree.order ? 'now' : '', order }));
    const picked = await vscode.window.showQuickPick(items, { title: 'Sort Failures' });
    if (picked === undefined) return;
    failuresTree.sortBy(picked.order);
  },
};
