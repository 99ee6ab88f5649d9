import { expect, test } from 'vitest'
import document from '../../openapi.json'
import { MIN_PASSWORD } from './password'

test('the shortest password is as long as the server says', () => {
  expect(document.components.schemas.NewPassword.minLength).toBe(MIN_PASSWORD)
})
