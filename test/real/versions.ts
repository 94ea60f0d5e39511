/** What the scripts install from PyPI. */
export const openaiPython = 'openai==3.54.0';
/** Later ones want a `certifi` that not every index has. */
export const litellm = 'litellm[proxy]==1.106.2';
