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
      'Adds a camera. If it has pre-roll, Flashback connects at once and stays connected. For ADMIN.',
    args: { input: t.arg({ type: CreateCameraInput, required: true, description: 'The camera.' }) },
    resolve: (_root, { input }, context) => createCamera(context, context.caller, input),
  }),
  updateCamera: t.field({
    type: UpdateCameraPayload,
    description: 'Changes a camera. Running recordings continue. For ADMIN.',
    args: { input: t.arg({ type: UpdateCameraInput, required: true, description: 'The changes.' }) },
    resolve: (_root, { input }, context) => updateCamera(context, context.caller, input),
  }),
  deleteCamera: t.field({
    type: DeleteCameraPayload,
    description:
      'Deletes a camera with all its playbacks and their objects. CONFLICT if one of them is protected. For ADMIN.',
    args: { id: t.arg.id({ required: true, description: 'The camera’s id.' }) },
    resolve: (_root, { id }, context) => deleteCamera(context, context.caller, id),
  }),
  testCamera: t.field({
    type: TestCameraPayload,
    description: 'Connects to a camera without saving anything. Answers within ten seconds. For ADMIN.',
    args: { input: t.arg({ type: TestCameraInput, required: true, description: 'How to connect.' }) },
    resolve: (_root, { input }, context) => testCamera(context, context.caller, input),
  }),
}));
