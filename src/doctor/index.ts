export { type DoctorOptions, doctor } from './doctor.js';
export { type ExamineOptions, examine } from './examine.js';
export type { Finding, FindingCode } from './finding.js';
