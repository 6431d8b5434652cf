/** The kernel's picture in the launcher of JupyterLab: a pixel, its row and its column. */
export const logo = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">
<rect width="64" height="64" rx="8" fill="#f4f6fa"/>
<g fill="#9db7e0"><rect x="28" y="6" width="8" height="52" rx="2"/><rect x="6" y="28" width="52" height="8" rx="2"/></g>
<rect x="26" y="26" width="12" height="12" rx="2" fill="#2456a6"/>
</svg>
`;
