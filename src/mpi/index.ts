export { type MPICommunicatorOptions, mpiCommunicator } from './mpi-communicator.js';
