import { useEffect } from 'react';

export default function Page() {
  useEffect(() => void import('../page.js'), []); // in the browser alone
  return <pre id="state" role="status" />;
}
