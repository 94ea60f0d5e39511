/** How a window counts. The names are those of the Python library `limits`, and so is what they mean. */
export const strategies = ['fixed-window', 'fixed-window-elastic-expiry', 'moving-window'] as const;
export type Strategy = (typeof strategies)[number];
