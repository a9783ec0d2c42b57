import { createCamera } from '../usecases/create-camera.ts';
import { deleteCamera } from '../usecases/delete-camera.ts';
import { testCamera } from '../usecases/test-camera.ts';
import { updateCamera } from '../usecases/update-camera.ts';
import { builder } from './builder.ts';
import {
  CreateCameraInput,
  CreateCameraPayload,
  DeleteCameraPayload,
  UpdateCameraInput,
  UpdateCameraPayload,
} from './camera-inputs.ts';
import { TestCameraInput, TestCameraPayload } from './camera-test-inputs.ts';

builder.mutationFields((t) => ({
  createCamera: t.field({
    type: CreateCameraPayload,
    description:
      'Adds a camera. Unless it has no pre-roll, Flashback connects at once and stays connected. For ADMIN.',
    args: { input: t.arg({ type: CreateCameraInput, required: true, description: 'The camera.' }) },
    resolve: (_root, { input }, context) => createCamera(context, context.caller, input),
  }),
  updateCamera: t.field({
    type: UpdateCameraPayload,
    description: 'Changes a camera. Recordings that run go on. For ADMIN.',
    args: { input: t.arg({ type: UpdateCameraInput, required: true, description: 'The changes.' }) },
    resolve: (_root, { input }, context) => updateCamera(context, context.caller, input),
  }),
  deleteCamera: t.field({
    type: DeleteCameraPayload,
    description: 'Playbacks of the camera are deleted with it, their objects too. For ADMIN.',
    args: { id: t.arg.id({ required: true, description: 'The camera’s id.' }) },
    resolve: (_root, { id }, context) => deleteCamera(context, context.caller, id),
  }),
  testCamera: t.field({
    type: TestCameraPayload,
    description: 'Connects to a camera without saving anything; answers within ten seconds. For ADMIN.',
    args: { input: t.arg({ type: TestCameraInput, required: true, description: 'The connection.' }) },
    resolve: (_root, { input }, context) => testCamera(context, context.caller, input),
  }),
}));
